#pragma once
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stddef.h>

// VIR_DOMAIN_EVENT_CALLBACK is a macro cast between function types, which Swift does not import.
static inline int slipway_register_lifecycle(
    virConnectPtr connection,
    virConnectDomainEventCallback callback,
    void *opaque,
    virFreeCallback release)
{
    return virConnectDomainEventRegisterAny(
        connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(callback), opaque, release);
}

static inline int slipway_register_metadata_change(
    virConnectPtr connection,
    virConnectDomainEventMetadataChangeCallback callback,
    void *opaque,
    virFreeCallback release)
{
    return virConnectDomainEventRegisterAny(
        connection, NULL, VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, VIR_DOMAIN_EVENT_CALLBACK(callback), opaque, release);
}

static inline int slipway_register_network_lifecycle(
    virConnectPtr connection,
    virConnectNetworkEventLifecycleCallback callback,
    void *opaque,
    virFreeCallback release)
{
    return virConnectNetworkEventRegisterAny(
        connection, NULL, VIR_NETWORK_EVENT_ID_LIFECYCLE, VIR_NETWORK_EVENT_CALLBACK(callback), opaque, release);
}
