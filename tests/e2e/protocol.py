#!/usr/bin/python3
"""The reference of the protocol: nothing in nudge.proto is without a comment, its example is byte by byte what protobuf says and
what the daemon takes, and its roles and codes are the daemon's.

    /usr/bin/python3 protocol.py NUDGED NUDGECTL SOURCE_ROOT
"""
import os
import re
import subprocess
import sys

import kit
from kit import check, same


def source(b, *options):
    made = subprocess.run([sys.executable, os.path.join(b.root, 'proto', 'reference.py'), *options,
                           os.path.join(b.root, 'proto', 'nudge-protocol.7.scd.in'), os.path.join(b.root, 'proto', 'nudge.proto')],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    same((made.returncode, made.stderr), (0, b''))
    return made.stdout.decode()


def everything_is_told(b):
    path = b.path('lacking.proto')
    command = [sys.executable, os.path.join(b.root, 'proto', 'reference.py'), '--check']
    done = subprocess.run([*command, os.path.join(b.root, 'proto', 'nudge.proto')], stdout=subprocess.PIPE)
    same(done.returncode, 0, done.stdout.decode()[-2000:])
    with open(os.path.join(b.root, 'proto', 'nudge.proto'), encoding='utf-8') as f:
        text = f.read()
    with open(path, 'w', encoding='utf-8') as f:
        f.write(re.sub(r'(?m)^(  int64 uptime_ms = 2;).*$', r'\1', text) + 'message New {\n  bool old = 1;\n}\n')
    done = subprocess.run([*command, path], stdout=subprocess.PIPE)
    same(done.returncode, 1)
    same([line.split()[0] for line in done.stdout.decode().splitlines() if 'no comment' in line],
         ['Status.uptime_ms', 'New', 'New.old'], 'what lacks a comment')
    page = source(b)
    for name in b.pb.DESCRIPTOR.message_types_by_name:
        check(name in ('Request', 'Response') or '\n## %s\n' % name in page, name, 'is not in the reference')
    web = source(b, '--html')
    same(len(re.findall('<h2 ', web)), len(re.findall('\n## ', page)), 'headings of the HTML')
    check('<a href="#Attribute">Attribute</a>' in web and '<script' not in web, 'links of the HTML')


def the_example(b):
    """Its bytes say what stands beside them; a daemon answers them as is said."""
    blocks = [''.join(re.findall(r'(?m)^ *((?:[0-9a-f]{2} ?)+)(?: {2,}|$)', block)).replace(' ', '')
              for block in re.findall(r'```\n(.*?)```', source(b), re.S)]
    same(len(blocks), 2, 'examples')
    hello, publish = (bytes.fromhex(block) for block in blocks)
    same([data[0] for data in (hello, publish)], [len(data) - 1 for data in (hello, publish)], 'lengths')
    pb = b.pb
    same(pb.Request.FromString(hello[1:]), pb.Request(request_id=1, hello=pb.Hello(version=1, client='doc')))
    same(pb.Request.FromString(publish[1:]), pb.Request(request_id=2, publish=pb.Publish(events=[
        pb.Event(id='1', source='pbx', customer='c-17', type='call.ended', channel='call')])))
    d = b.daemon(rules=b.pack("pack { name = 'p' }"))
    with d.client(hello=False) as c:
        c.send_raw(hello + publish)
        welcome, answer = c.receive(), c.receive()
    same((welcome.request_id, welcome.welcome.version), (1, 1))
    same((answer.request_id, [a.result for a in answer.published.acks]), (2, [1]))
    check(answer.published.acks[0].seq > 0, answer)


def roles_and_codes(b):
    page = source(b)
    told = {m[1].replace('\\', ''): m[2] for m in re.finditer(r'(?m)^\*([\w\\]+)\*: \w+, answered by \w+; (?:role _)?(no role|\w+?)_?$', page)}
    with open(os.path.join(b.root, 'engine', 'access', 'roles.c')) as f:
        held = dict(re.findall(r'\{ "(\w+)", ROLE_(\w+) \}', f.read()))
    fields = [f.name for f in b.pb.Request.DESCRIPTOR.fields if f.name != 'request_id']
    same(sorted(told), sorted(fields), 'requests')
    for name in fields:
        same(told[name], 'no role' if held[name] == 'NONE' else held[name].lower(), 'role of ' + name)
    codes = re.search(r'one of these codes: ([^.]*)\.', page)[1].split(', ')
    with open(os.path.join(b.root, 'engine', 'base', 'error.c')) as f:
        names = re.findall(r'\[-?ERR_\w+\] = "(\w+)"|case ERR_\w+:\s*return "(\w+)"', f.read())
    known = {a or z for a, z in names} - {'ok', 'foreign', 'memory', 'aborted'}  # those never leave the daemon
    check(len(known) > 10 and known <= set(codes), 'codes that are not told of:', known - set(codes))


if __name__ == '__main__':
    kit.Bench().run([everything_is_told, the_example, roles_and_codes])
