#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The examples of both READMEs do what they say: each `$ command` in a block is run, and what follows it must be what the
command prints, the lines of standard error wherever they stand; a line `...` stands for the rest.

    tests/readme_examples.py ROOT COMMAND SAMPLE

They run in a folder of their own, in their order. `$ cat FILE` of a file that is not there writes it."""
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile

BLOCK = re.compile(r'^```\w*\n(.*?)^```$', re.M | re.S)
IMAGE = 'out/haerbin-2022.cmx'
# Files that an example needs and no test has: the bureau's workbook, a city's claims of three years.
ELSEWHERE = ('drg-3.0.xlsx', 'history.csv')


def examples(text):
    """(command, lines it prints)"""
    for block in BLOCK.findall(text):
        lines = block.rstrip('\n').split('\n')
        while lines:
            line = lines.pop(0)
            if not line.startswith('$ '):
                continue
            command = line[2:]
            while command.endswith('\\'):
                command = command[:-1] + lines.pop(0)
            printed = []
            while lines and not lines[0].startswith('$ '):
                printed.append(lines.pop(0))
            yield command, printed


class Place:
    """Where they run: the project's rules and tests, the sample month where quickstart puts it, and what that makes."""

    def __init__(self, folder, root, command, sample):
        self.folder = folder
        for name in ('rules', 'tests'):  # no links: what is written names its base by the way to it
            shutil.copytree(os.path.join(root, name), os.path.join(folder, name))
        os.makedirs(os.path.join(folder, 'build-quickstart/tests'))
        os.symlink(sample, os.path.join(folder, 'build-quickstart/tests/sample'))
        os.makedirs(os.path.join(folder, 'bin'))
        os.symlink(command, os.path.join(folder, 'bin/casemix'))
        os.mkdir(os.path.join(folder, 'out'))
        self.settings = dict(os.environ, PATH=os.path.join(folder, 'bin') + ':' + os.environ['PATH'], LC_ALL='C.UTF-8')
        self.settings.pop('CASEMIX_RULES', None)  # as a reader has it: the rules are those of the folder
        month = 'build-quickstart/tests/sample/haerbin-2022-month.csv'
        self.run(f'casemix compile rules/bundles/haerbin-2022.yaml -o {IMAGE} && casemix settle -i {IMAGE} {month} -o out/month'
                 ' && casemix report out/month -o out/reports')

    def run(self, command):
        done = subprocess.run(['bash', '-c', command], capture_output=True, text=True, cwd=self.folder, env=self.settings,
                              stdin=subprocess.DEVNULL, timeout=300)
        return [text.rstrip('\n').split('\n') if text else [] for text in (done.stdout, done.stderr)]

    def try_example(self, command, printed):
        """What differs, as lines; none if it does what it says."""
        file = re.fullmatch(r'cat ([\w./-]+)', command)
        if file and not os.path.exists(os.path.join(self.folder, file[1])):
            with open(os.path.join(self.folder, file[1]), 'w', encoding='utf-8') as out:
                out.write('\n'.join(printed) + '\n')
            return []
        got, errors = self.run(re.sub(r'\bIMAGE\b', IMAGE, command))
        if '...' in printed:
            at = printed.index('...')
            printed, got = printed[:at], got[:at]
        # without the chart library one note more, which the reader of an example does not have
        errors = [line for line in errors if not line.startswith('casemix: note: charts are not built in')]
        told = [line for line in errors if line in printed]
        printed = [line for line in printed if line not in errors]
        got = got + [line for line in errors if line not in told]
        return list(difflib.unified_diff(printed, got, 'README', 'today', lineterm='', n=0))


def main():
    root, command, sample = (os.path.abspath(path) for path in sys.argv[1:4])
    failed = tried = 0
    for readme in ('README.md', 'README.zh-CN.md'):
        with open(os.path.join(root, readme), encoding='utf-8') as file:
            text = file.read()
        with tempfile.TemporaryDirectory() as folder:
            place = Place(folder, root, command, sample)
            for command_line, printed in examples(text):
                if any(file in command_line for file in ELSEWHERE):
                    continue
                tried += 1
                difference = place.try_example(command_line, printed)
                if difference:
                    failed += 1
                    print(f'{readme}: $ {command_line}', *difference[:30], sep='\n')
    print(f'{tried} examples, {failed} differ')
    sys.exit(failed > 0 or tried < 40)


main()
