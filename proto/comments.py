#!/usr/bin/python3
"""Makes a C table of the comments in a .proto file: what messages, fields and enums' values are for, as the file says it.

    comments.py NUDGE.PROTO OUT.C

A comment belongs to what it stands before, alone on its lines, or behind on the same line.
"""
import re
import sys

OPENING = re.compile(r'(message|enum|oneof)\s+(\w+)\s*\{(.*)')
FIELD = re.compile(r'(?:repeated\s+)?[\w.]+\s+(\w+)\s*=\s*\d+;')


def comments(lines):
    """(message, field, text) in order; field '' for the message itself."""
    found, path, before = [], [], []
    for line in lines:
        code, _, behind = (part.strip() for part in line.partition('//'))
        if not code:
            before = before + [behind] if behind else []
            continue
        opening, field = OPENING.match(code), FIELD.match(code)
        message = next((name for kind, name in reversed(path) if kind == 'message'), '')
        text = '\n'.join(before + ([behind] if behind else []))
        if opening and opening.group(1) == 'message':
            message = opening.group(2)
        if text and opening and opening.group(1) == 'message':
            found.append((message, '', text))
        elif text and field:
            found.append((message, field.group(1), text))
        if opening and '}' not in opening.group(3):
            path.append(opening.groups()[:2])
        elif code.startswith('}'):
            path.pop()
        before = []
    return found


def c_text(text):
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n') + '"'


def main():
    with open(sys.argv[1], encoding='utf-8') as f:
        found = comments(f.read().splitlines())
    with open(sys.argv[2], 'w', encoding='utf-8') as out:
        out.write('/* Made from nudge.proto by comments.py. */\n#include "comments.h"\n\n')
        out.write('const struct proto_comment proto_comments[] = {\n')
        for message, field, text in sorted(found):
            out.write('\t{ %s, %s, %s },\n' % (c_text(message), c_text(field), c_text(text)))
        out.write('};\nconst unsigned proto_comment_count = sizeof(proto_comments) / sizeof(proto_comments[0]);\n')


main()
