#!/usr/bin/env python3
"""Man pages from what a program of ArgumentParser's says of itself.

PROGRAM --experimental-dump-help | man-pages.py DIRECTORY VERSION TIME

One page for the program and one for each of its commands: slipway.1, slipway-image-build.1. TIME is in seconds since 1970.
"""
import json
import os
import sys
import time


def escaped(text):
    """A text of which roff takes nothing for itself."""
    lines = text.replace("\\", "\\e").replace("-", "\\-").split("\n")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in lines)


def names(argument):
    """--yes, -y"""
    return [("-" if name["kind"] == "short" else "--") + name["name"] for name in argument.get("names", [])]


def term(argument):
    """The line that heads an argument's description."""
    value = "\\fI%s\\fR" % escaped(argument["valueName"])
    if argument["kind"] == "positional":
        return value
    text = ", ".join("\\fB%s\\fR" % escaped(name) for name in names(argument))
    return text + (" " + value if argument["kind"] == "option" else "")


def synopsis(path, command):
    words = ["\\fB%s\\fR" % escaped(" ".join(path))]
    arguments = shown(command)
    if any(argument["kind"] != "positional" for argument in arguments):
        words.append("[\\fIoptions\\fR]")
    for argument in arguments:
        if argument["kind"] == "positional":
            word = "\\fI%s\\fR" % escaped(argument["valueName"])
            word += " ..." if argument.get("isRepeating") else ""
            words.append("[%s]" % word if argument.get("isOptional") else word)
    if subcommands(command):
        words.append("\\fIcommand\\fR")
    return " ".join(words)


def shown(command):
    return [argument for argument in command.get("arguments", []) if argument.get("shouldDisplay", True)]


def subcommands(command):
    return [
        each for each in command.get("subcommands", []) if each.get("shouldDisplay", True) and each["commandName"] != "help"
    ]


def description(argument):
    text = argument.get("abstract", "")
    if argument.get("discussion"):
        text += "\n" + argument["discussion"]
    if "defaultValue" in argument and "(default" not in text:
        text += " (default: %s)" % argument["defaultValue"]
    return escaped(text.strip() or argument["valueName"])


def page(path, command, version, date):
    title = "-".join(path)
    lines = [
        '.TH %s 1 "%s" "slipway %s" "User Commands"' % (escaped(title.upper()), date, version),
        ".SH NAME",
        "%s \\- %s" % (escaped(title), escaped(command.get("abstract", "").rstrip("."))),
        ".SH SYNOPSIS",
        synopsis(path, command),
    ]
    if command.get("discussion"):
        lines += [".SH DESCRIPTION", ".nf", escaped(command["discussion"]), ".fi"]
    options = shown(command)
    if options:
        lines.append(".SH OPTIONS")
        for argument in options:
            lines += [".TP", term(argument), description(argument)]
    related = [path + [each["commandName"]] for each in subcommands(command)]
    if related:
        lines.append(".SH COMMANDS")
        for each in subcommands(command):
            lines += [".TP", "\\fB%s\\fR" % escaped(each["commandName"]), escaped(each.get("abstract", ""))]
    if len(path) > 1:
        related.insert(0, path[:-1])
    lines.append(".SH SEE ALSO")
    lines.append(",\n".join(".BR %s (1)" % escaped("-".join(each)) for each in related))
    return "\n".join(lines) + "\n"


def write(directory, path, command, version, date):
    with open(os.path.join(directory, "-".join(path) + ".1"), "w", encoding="utf-8") as file:
        file.write(page(path, command, version, date))
    for each in subcommands(command):
        write(directory, path + [each["commandName"]], each, version, date)


directory, version, seconds = sys.argv[1:]
root = json.load(sys.stdin)["command"]
date = time.strftime("%Y-%m-%d", time.gmtime(int(seconds)))
write(directory, [root["commandName"]], root, version, date)
