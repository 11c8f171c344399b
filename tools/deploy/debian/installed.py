#!/usr/bin/python3
"""debian/installed.py: reads `meson introspect --installed`, prints the files that are built, for ninja.

    meson introspect --installed FOLDER | installed.py FOLDER
"""
import json
import os
import sys

folder = os.path.abspath(sys.argv[1])
for path in json.load(sys.stdin):
    name = os.path.relpath(path, folder)
    if os.path.isabs(path) and not name.startswith(("..", "meson-private")):
        print(name)
