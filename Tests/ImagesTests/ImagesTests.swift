// The images' tests come with their store.
