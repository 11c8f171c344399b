#!/usr/bin/python3
"""The reference of the protocol, made from nudge.proto's comments: a manual page's source for scdoc, or a page of HTML.

    reference.py PAGE.scd.in NUDGE.PROTO            the source of nudge-protocol(7)
    reference.py --html PAGE.scd.in NUDGE.PROTO     the same as HTML
    reference.py --check NUDGE.PROTO                what has no comment, exit code 1 where that is anything
"""
import html
import re
import sys


class Message:
    def __init__(self, kind, name, about):
        self.kind, self.name, self.about, self.fields = kind, name, about, []  # fields: (name, number, type, about)


def parse(text):
    """(messages and enums in their order, what lacks a comment). A comment belongs to what it stands before, alone on its
    lines, or behind."""
    found, open_, before, lacking = [], [], [], []
    for line in text.splitlines():
        code, _, behind = (part.strip() for part in line.partition('//'))
        if not code:
            before = before + [behind] if behind else []
            continue
        about = ' '.join(before + ([behind] if behind else []))
        opening = re.match(r'(message|enum|oneof)\s+(\w+)\s*\{', code)
        field = re.match(r'((?:repeated\s+)?[\w.]+)\s+(\w+)\s*=\s*(\d+);', code) or re.match(r'()(\w+)\s*=\s*(\d+);', code)
        if opening:
            if opening[1] == 'oneof':
                open_.append(open_[-1])
            else:
                found.append(Message(opening[1], opening[2], about))
                open_.append(found[-1])
                if not about:
                    lacking.append(opening[2])
            if code.rstrip().endswith('}'):
                open_.pop()
        elif code.startswith('}'):
            open_.pop()
        elif field and open_ and not code.startswith(('package', 'syntax', 'option')):
            open_[-1].fields.append((field[2], int(field[3]), field[1], about))
            if not about:
                lacking.append('%s.%s' % (open_[-1].name, field[2]))
        before = []
    return found, lacking


def plain(text):
    return re.sub(r'([\\*_`#~])', r'\\\1', text)


def introduced(text):
    """What the file says at its head, in paragraphs."""
    lines = []
    for line in text.splitlines():
        if not line.startswith('//'):
            break
        lines.append(line[2:].strip())
    return '\n'.join(lines[1:]).strip()


def described(m):
    out = ['## ' + m.name, '', plain(m.about), '']
    for name, number, kind, about in m.fields:
        out += ['*%s*%s\n\t%s' % (plain(name), ' = %d' % number + (', _%s_' % plain(kind) if kind else ''), plain(about)), '']
    return '\n'.join(out)


def requests(messages):
    """A line of each request: its role, and its answer."""
    by_name = {m.name: m for m in messages}
    answers = {re.match(r'to (\w+)', about)[1]: kind for _, _, kind, about in by_name['Response'].fields
               if re.match(r'to \w+', about)}
    out = []
    for name, _, kind, about in by_name['Request'].fields:
        if name == 'request_id':
            continue
        role = re.search(r'role (\w+)', about)
        out.append('*%s*: %s, answered by %s; %s\n' % (plain(name), kind, answers.get(name, '?'),
                                                    'role _%s_' % role[1] if role else 'no role'))
    return '\n'.join(out)


def codes(text):
    m = re.search(r'one of a closed list: ([^.]*)\.', text.replace('\n// ', ' '))
    return m[1]


def page(template, text, messages):
    last = ('Request', 'Response')
    told = '\n'.join(described(m) for m in messages if m.name not in last)
    for mark, made in (('@INTRODUCTION@', plain(introduced(text))), ('@REQUESTS@', requests(messages)),
                       ('@CODES@', plain(codes(text))), ('@MESSAGES@', told)):
        template = template.replace(mark, made)
    return re.sub(r'\n{3,}', '\n\n', template)


STYLE = '''body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; color: #1c2330; }
h1 { border-bottom: 1px solid #cfd6e0; margin-top: 2.5rem; font-size: 1.35rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
pre { background: #f2f5f9; padding: .8rem; overflow-x: auto; } dt { margin-top: .5rem; } dd { margin-left: 2rem; color: #3c4656; }
code, pre { font-family: ui-monospace, monospace; } a { color: #0b57a4; } nav { columns: 3; font-size: .9rem; }
@media (prefers-color-scheme: dark) { body { background: #12161d; color: #dde4ee; } pre { background: #1b222d; }
dd { color: #b3bdcc; } a { color: #7db7f2; } h1 { border-color: #333d4b; } }'''


def inline(text):
    text = html.escape(text, quote=False)
    text = re.sub(r'(?<!\\)\*(.+?)(?<!\\)\*', r'<b>\1</b>', text)
    text = re.sub(r'(?<!\\)_(.+?)(?<!\\)_', r'<i>\1</i>', text)
    return re.sub(r'\\(.)', r'\1', text)


def as_html(source, names):
    """The little of scdoc that the page uses: headings, definitions, literal blocks and paragraphs."""
    body, block, at = [], [], 0
    lines = source.split('\n')[1:]

    def link(m):
        return '<i><a href="#%s">%s</a></i>' % (m[1], m[1]) if m[1] in names else m[0]

    while at < len(lines):
        line = lines[at]
        if line == '```':
            end = lines.index('```', at + 1)
            body.append('<pre>%s</pre>' % html.escape('\n'.join(lines[at + 1:end])))
            at = end
        elif m := re.match(r'(#+) (.*)', line):
            name = m[2].replace('\\', '')
            body.append('<h%d id="%s">%s</h%d>' % (len(m[1]), html.escape(name.replace(' ', '-')), inline(m[2]), len(m[1])))
        elif at + 1 < len(lines) and lines[at + 1].startswith('\t'):
            body.append('<dl><dt>%s</dt><dd>%s</dd></dl>' % (inline(line), inline(lines[at + 1].strip())))
            at += 1
        elif line:
            block = [line]
            while at + 1 < len(lines) and lines[at + 1] and not lines[at + 1].startswith('#'):
                at += 1
                block.append(lines[at])
            body.append('<p>%s</p>' % inline(' '.join(block)))
        at += 1
    text = re.sub(r'<i>(?:repeated )?(\w+)</i>', link, '\n'.join(body))
    listed = ''.join('<a href="#%s">%s</a><br>' % (n, n) for n in names)
    return ('<!doctype html>\n<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            '<title>The protocol of nudged</title><style>%s</style>\n<body>\n%s\n<h1>All messages</h1><nav>%s</nav>\n</body></html>\n'
            % (STYLE, text, listed))


def main():
    options = [a for a in sys.argv[1:] if a.startswith('--')]
    files = [a for a in sys.argv[1:] if not a.startswith('--')]
    with open(files[-1], encoding='utf-8') as f:
        text = f.read()
    messages, lacking = parse(text)
    if '--check' in options:
        for name in lacking:
            print('%s has no comment: say what it is, its unit and its limit' % name)
        print('%d messages and enums, %d fields and values' % (len(messages), sum(len(m.fields) for m in messages)))
        return 1 if lacking or len(messages) < 50 else 0
    with open(files[0], encoding='utf-8') as f:
        source = page(f.read(), text, messages)
    if '--html' in options:
        source = as_html(source, [m.name for m in messages if m.name not in ('Request', 'Response')])
    sys.stdout.buffer.write(source.encode())
    return 0


sys.exit(main())
