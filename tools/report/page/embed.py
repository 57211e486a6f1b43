#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Put the page together, and write it as C: what stands before the language, between language and month, and behind
the month. The page runs no script but those in it, by their SHA-256 in its Content-Security-Policy.

    embed.py page.html page.css page.js OUTPUT.c [echarts.common.min.js NOTICE]
"""
import base64
import hashlib
import re
import sys


def read(path):
    with open(path, encoding='utf-8', newline='') as file:
        text = file.read()
    if '\r' in text or '\0' in text:
        sys.exit(f'{path}: a carriage return or NUL would change the sum of the script; take it out')
    return text


def script_hash(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def check_script(path, text):
    if '</script' in text.lower() or '<!--' in text:
        sys.exit(f'{path}: holds </script or <!--, which would end it too early in the page')


def library_of(path, notice_path):
    """Its element with licence and notice, its sum, and what it is called."""
    library, notice = read(path), read(notice_path)
    check_script(path, library)
    if '--' in notice:
        sys.exit(f'{notice_path}: holds --, which cannot stand in a comment of HTML')
    version = re.search(r'\bversion="(\d+\.\d+\.\d+)"', library)
    name = 'Apache ECharts' + (' ' + version.group(1) if version else '')
    return f'<!--\n{notice.strip()}\n-->\n<script>{library}</script>', script_hash(library), name


def c_text(name, text):
    escapes = {0x22: '\\"', 0x5c: '\\\\', 0x0a: '\\n', 0x3f: '\\?'}
    letters = [escapes.get(b) or (chr(b) if 0x20 <= b < 0x7f else f'\\{b:03o}') for b in text.encode()]
    lines = ['    "' + ''.join(letters[at:at + 100]) + '"' for at in range(0, len(letters), 100)]
    return f'const char {name}[] =\n' + ('\n'.join(lines) or '    ""') + ';\n' \
           f'const size_t {name}_size = sizeof {name} - 1;\n'


def main():
    html_path, css_path, js_path, output = sys.argv[1:5]
    script = read(js_path)
    check_script(js_path, script)
    library, hashes, library_name = '', script_hash(script), ''
    if len(sys.argv) > 5:
        library, library_hash, library_name = library_of(*sys.argv[5:7])
        hashes += ' ' + library_hash
    values = {'STYLE': read(css_path).strip(), 'SCRIPT': script, 'LIBRARY': library, 'SCRIPT_HASHES': hashes}
    parts = re.split(r'\{\{(?:LANGUAGE|MONTH)\}\}', read(html_path))
    parts = [re.sub(r'\{\{([A-Z_]+)\}\}', lambda found: values[found.group(1)], part) for part in parts]
    if len(parts) != 3:
        sys.exit(f'{html_path}: must name LANGUAGE and MONTH once each, in this order')
    with open(output, 'w', encoding='ascii', newline='\n') as file:
        file.write('/* Made by tools/report/page/embed.py. */\n#include "tools/report/page.h"\n\n')
        for name, part in zip(('page_head', 'page_middle', 'page_tail'), parts):
            file.write(c_text(name, part))
        file.write(c_text('page_chart_library', library_name).split('const size_t')[0])


main()
