#!/usr/bin/python3
"""debian/installed.py: reads `meson introspect --targets`, prints the files of those that are installed, for ninja.

    meson introspect --targets FOLDER | installed.py FOLDER
"""
import json
import os
import sys

for target in json.load(sys.stdin):
    if target["installed"]:
        for name in target["filename"]:
            print(os.path.relpath(name, sys.argv[1]))
