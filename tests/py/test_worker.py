"""Tests of the worker of `parjob py` by itself: real processes of this Python, spoken to as parjob does.

    python3 tests/py/test_worker.py
"""

import os
import signal
import struct
import subprocess
import sys
import tempfile
import textwrap
import unittest

SOURCE = os.path.join(os.path.dirname(__file__), "..", "..", "src", "executor", "persistent", "protocol", "worker.py")
READY, REFUSED, LINES, SIZES, STOPPED = range(0xA95EC300, 0xA95EC305)
PAGE = 65536


class Worker:
    """A worker, started as parjob starts it: its source lies in a file behind the page."""

    def __init__(self, text, *options, kind="expr", cwd=None):
        with open(SOURCE, "rb") as file:
            source = file.read()
        first = source.index(b"\n# ---") + 1
        self.file = tempfile.TemporaryFile()
        self.file.write(bytes(PAGE) + source)
        self.file.flush()
        place = self.file.fileno()
        start = (
            "import os,sys;exec(compile(os.pread({0},{1},{2}),'<parjob>','exec'));"
            "REST=lambda:os.pread({0},1<<20,{3});main(sys.argv[1:])"
        ).format(place, first, PAGE, PAGE + first)
        self.process = subprocess.Popen(
            [sys.executable, "-c", start, "kind=" + kind, "text=" + text, "page=%d" % place, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[place],
            cwd=cwd,
        )
        self.greeting = self.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def send(self, items, first=1, closing=b"\n", fields=False):
        data = b"".join(item + closing for item in items)
        head = struct.pack("<QIIBB2x", first, len(items), len(data), closing[0], fields)
        self.process.stdin.write(head + data)
        self.process.stdin.flush()

    def read(self):
        head = self.process.stdout.read(24)
        if len(head) < 24:
            return None
        first, count, kind, size = struct.unpack("<QIIQ", head)
        return first, count, kind, self.process.stdout.read(size)

    def do(self, items, **how):
        """The results of one chunk: the text of each, None for nothing, an error as an exception."""
        items = [item if isinstance(item, bytes) else item.encode() for item in items]
        self.send(items, **how)
        answer = self.read()
        if answer is None:
            return None
        # An async function's items are answered one by one, in any order.
        answers = [answer]
        while answers[-1] and sum(count for _, count, _, _ in answers) < len(items):
            answers.append(self.read())
        if not answers[-1]:
            return None
        return [result for answer in sorted(answers) for result in self.results(*answer)]

    def results(self, _, count, kind, data):
        if kind == LINES:
            return [line.decode() for line in data.split(b"\n")[:-1]]
        lengths, kinds, at = struct.unpack("<%dI" % count, data[: 4 * count]), data[4 * count : 5 * count], 5 * count
        results = []
        for length, what in zip(lengths, kinds):
            text = data[at : at + length]
            at += length
            results.append(TIMEOUT if what == 3 else Failed(text) if what == 2 else None if what == 1 else text)
        return [result.decode() if isinstance(result, bytes) and is_text(result) else result for result in results]

    def page(self):
        """The item at work, and how many are at work with it."""
        begun, count, _, at = struct.unpack("<QQQQ", os.pread(self.file.fileno(), 32, 0))
        return at or begun, count

    def stop(self):
        """Sets the flag; the last item that was begun."""
        os.pwrite(self.file.fileno(), struct.pack("<Q", 1), 16)
        return struct.unpack("<Q", os.pread(self.file.fileno(), 8, 0))[0]

    def is_stopped(self):
        return os.pread(self.file.fileno(), 8, 16) != bytes(8)

    def end(self):
        """Its status and what it said on standard error."""
        if self.file.closed:
            return None
        self.process.stdin.close()
        said = self.process.stderr.read().decode()
        self.process.stdout.close()
        self.process.stderr.close()
        self.file.close()
        return self.process.wait(), said


# In place of the result of an item that took too long.
TIMEOUT = object()


def is_text(data):
    try:
        data.decode()
        return True
    except ValueError:
        return False


class Failed:
    def __init__(self, data):
        self.error, self.traceback = data.decode().split("\0")

    def __repr__(self):
        return "Failed(%r)" % self.error


def results(text, items, *options, kind="expr", cwd=None, **how):
    with Worker(text, *options, kind=kind, cwd=cwd) as worker:
        assert worker.greeting[2] == READY, worker.greeting
        return worker.do(items, **how)


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(textwrap.dedent(text))
        return path


class Expressions(unittest.TestCase):
    def test_an_item_is_text(self):
        self.assertEqual(results("x.upper() + '!'", ["a", "", "é "]), ["A!", "!", "É !"])

    def test_results_become_text(self):
        self.assertEqual(results("[1, 2.5, None, True, (1,), 'a\\nb', b'\\xc3\\xa9'][int(x)]", "0123456"),
                         ["1", "2.5", "None", "True", "(1,)", "a\nb", "é"])

    def test_results_of_one_type_become_text(self):
        self.assertEqual(results("int(x) - 1", ["0", "1", "9" * 30]), ["-1", "0", "9" * 29 + "8"])
        self.assertEqual(results("int(x) > 1", "012"), ["False", "False", "True"])
        self.assertEqual(results("x", ["", "a", "é"]), ["", "a", "é"])
        self.assertEqual(results("int(x)", "12", "json=1"), ["1", "2"])
        self.assertEqual(results("x", "12", "json=1"), ['"1"', '"2"'])

    def test_bytes_that_are_no_text_come_back(self):
        self.assertEqual(results("x * 2", [b"\xff\n\xfe"], closing=b"\0"), [b"\xff\n\xfe\xff\n\xfe"])
        self.assertEqual(results("x * 2", [b"a", b"b"], closing=b"\xe9"), ["aa", "bb"])

    def test_as(self):
        for kind, items, expression, expected in [
            ("int", ["41"], "x + 1", ["42"]),
            ("float", ["1e3"], "x", ["1000.0"]),
            ("json", ['{"a": [1]}'], "x['a'][0]", ["1"]),
            ("csv", ['a,"b,c"'], "x[1]", ["b,c"]),
            ("csv", [""], "x", ["[]"]),
            ("bytes", [b"\xff"], "x[0]", ["255"]),
        ]:
            with self.subTest(kind):
                self.assertEqual(results(expression, items, "as=" + kind), expected)

    def test_fields(self):
        items = [b"1,2;a bc def", b";x"]
        self.assertEqual(results("x", items, "fields=list", fields=True), ["['a', 'bc', 'def']", "['x']"])
        self.assertEqual(results("sum(x)", [b"1;1 2"], "fields=list", "as=int", fields=True), ["3"])
        self.assertEqual(results("x['b']", [b"1;1 2"], "fields=list", "name=a", "name=b", fields=True), ["2"])
        self.assertEqual(results("x['b']", ['{"b": 7}'], "fields=json"), ["7"])

    def test_what_is_no_number_is_no_json(self):
        one, two, three = results("[float(x)]", ["1", "nan", "inf"], "json=1")
        self.assertEqual(one, "[1.0]")
        self.assertIn("ValueError", two.error)
        self.assertIn("ValueError", three.error)

    def test_json_results(self):
        self.assertEqual(results("[x, 1, None]", ["é\n"], "json=1", closing=b"\0"), ['["é\\n", 1, null]'])
        self.assertEqual(results("x", [b"\xff"], "json=1"), ['"\\udcff"'])

    def test_an_iterator_gives_a_line_for_each_value(self):
        self.assertEqual(results("(n for n in range(int(x)))", "021"), [None, "0\n1", "0"])

    def test_import_and_init(self):
        self.assertEqual(results("m.floor(float(x)) + pi + one", ["1.5"], "import=math as m", "import=from cmath import pi",
                                 "init=one = 1"), [str(1 + 3.141592653589793 + 1)])

    def test_a_comment_and_a_line_break_are_no_harm(self):
        self.assertEqual(results(" (int(x)\n + 1) # one more", ["1"]), ["2"])

    def test_an_expression_may_wait(self):
        self.assertEqual(results("await asyncio.sleep(0, x + '!')", "ab", "import=asyncio"), ["a!", "b!"])
        self.assertEqual(results("asyncio.sleep(0, x + '!')", "ab", "import=asyncio"), ["a!", "b!"])

    def test_what_is_no_expression_is_refused(self):
        for text in ["int(x)**", "x) + (x", "a = 1", "yield x", "", "x\0"]:
            with self.subTest(text):
                if "\0" in text:
                    continue
                worker = Worker(text)
                _, status, kind, why = worker.greeting
                self.assertEqual((kind, status), (REFUSED, 2))
                self.assertIn("SyntaxError", why.decode())
                self.assertEqual(worker.end(), (0, ""))

    def test_no_items_lose_their_answers_when_much_is_said(self):
        items = [str(n) * 1000 for n in range(3000)]
        self.assertEqual(results("x", items), items)


class Failures(Folder):
    def test_only_the_item_that_raises_fails(self):
        with Worker("1 // int(x)") as worker:
            first, second, third = worker.do(["1", "0", "1"])
            self.assertEqual((first, third), ("1", "1"))
            self.assertEqual(second.error[:18], "ZeroDivisionError:")
            self.assertTrue(second.traceback.startswith('Traceback (most recent call last):\n  File "<expression>"'))
            self.assertIn("return (1 // int(x))", second.traceback)
            self.assertNotIn("parjob", second.traceback)
            self.assertEqual(worker.do(["1"]), ["1"])

    def test_making_text_of_a_result_may_fail(self):
        bad = self.write("bad.py", """
            class Bad:
                def __str__(self):
                    raise KeyError("no text")

            def f(x):
                return Bad() if x == "2" else int(x)
        """)
        one, two, three = results(bad + ":f", "123", kind="file")
        self.assertEqual((one, two.error, three), ("1", "KeyError: 'no text'", "3"))

    def test_what_cannot_be_encoded_and_huge_integers_fail_alone(self):
        one, two = results("'\\ud800' if x == '1' else x", "12")
        self.assertEqual((one.error[:18], two), ("UnicodeEncodeError", "2"))

    def test_tracebacks_are_for_the_first_failures(self):
        failed = results("x.nothing", "123", "tracebacks=1")
        self.assertEqual([bool(failure.traceback) for failure in failed], [True, False, False])

    def test_an_error_may_be_without_text(self):
        odd = self.write("odd.py", """
            class Odd(Exception):
                def __str__(self):
                    raise ValueError

            def f(x):
                raise [AssertionError, Odd, BaseException][int(x)]
        """)
        errors = [failed.error for failed in results(odd + ":f", "012", kind="file")]
        self.assertEqual(errors, ["AssertionError", "odd.Odd: <no text: its __str__ raised>", "BaseException"])

    def test_the_page_names_the_item_that_killed_the_worker(self):
        for expression in ["os._exit(7) if x == '3' else x", "os.kill(os.getpid(), 9) if x == '3' else x"]:
            with Worker(expression, "import=os") as worker:
                self.assertIsNone(worker.do("12345", first=100))
                self.assertEqual(worker.page(), (102, 1))

    def test_the_page_is_clear_when_nothing_is_at_work(self):
        with Worker("x") as worker:
            worker.do("123")
            # The next answer comes after the page was cleared.
            worker.do(["4"], first=4)
            self.assertIn(worker.page()[0], (0, 4))
            self.assertEqual(worker.end()[0], 0)

    def test_sys_exit_ends_the_worker(self):
        with Worker("sys.exit(3) if x == '2' else x", "import=sys") as worker:
            self.assertIsNone(worker.do("123"))
            self.assertEqual(worker.page(), (2, 1))
            self.assertEqual(worker.end(), (3, ""))

    def test_a_forked_process_does_not_answer(self):
        with Worker("os.fork() and 1", "import=os") as worker:
            self.assertEqual(worker.do(["a"]), ["1"])
            self.assertEqual(worker.do(["b"]), ["1"])

    def test_the_pipes_are_closed_once_in_a_forked_process_and_its_own(self):
        path = self.write("fork.py", """
            import os

            def f(x):
                if os.fork() == 0:
                    files = [os.open(os.devnull, os.O_RDONLY) for _ in range(8)]
                    if os.fork() == 0:
                        try:
                            [os.fstat(file) for file in files]
                        except OSError:
                            os._exit(1)
                        os._exit(0)
                    os._exit(os.wait()[1] >> 8)
                return os.wait()[1] >> 8
        """)
        with Worker(path + ":f", kind="file") as worker:
            self.assertEqual(worker.do("a"), ["0"])
            self.assertEqual(worker.end(), (0, ""))

    def test_programs_that_the_function_starts_inherit_nothing(self):
        listed = "subprocess.run(['ls', '/proc/self/fd'], close_fds=False, stdout=subprocess.PIPE).stdout.split()"
        if os.path.isdir("/proc/self/fd"):
            self.assertEqual(results("len(%s)" % listed, "a", "import=subprocess"), ["4"])


class Functions(Folder):
    def test_a_file_is_imported_by_its_path(self):
        self.write("beside.py", "ONE = 1\n")
        path = self.write("my-file.py", """
            import sys
            from beside import ONE

            class Group:
                @staticmethod
                def f(x):
                    return "%s %s %d" % (__name__, sys.argv, int(x) + ONE)
        """)
        self.assertEqual(results(path + ":Group.f", "1", kind="file"), ["my-file ['-c'] 2"])

    def test_a_module_is_found_in_the_working_directory(self):
        self.write("mine.py", "def f(x): return x + LATE\n")
        self.assertEqual(results("mine:f", "a", "init=LATE = '!'", kind="module", cwd=self.folder), ["a!"])

    def test_nothing_there_is_taken_for_a_part_of_python(self):
        for name in ["os.py", "mmap.py", "struct.py"]:
            self.write(name, "raise SystemExit('taken')\n")
        self.assertEqual(results("x", "a", cwd=self.folder), ["a"])

    def test_nor_later_on(self):
        for name in ["traceback.py", "json.py", "csv.py", "asyncio.py"]:
            self.write(name, "raise SystemExit('taken')\n")
        one, two = results("1 // int(x)", "10", "json=1", "as=json", cwd=self.folder)
        self.assertEqual((one, two.error[:17]), ("1", "ZeroDivisionError"))
        self.assertEqual(results("x[0]", ["a,b"], "as=csv", cwd=self.folder), ["a"])

    def test_fields_become_arguments(self):
        path = self.write("f.py", "def f(a, b='?'): return a + '-' + b\n")
        self.assertEqual(results(path + ":f", [b"1;a b", b";a"], "fields=list", kind="file", fields=True), ["a-b", "a-?"])
        self.assertEqual(results(path + ":f", [b"1;a b"], "fields=list", "name=b", "name=a", kind="file", fields=True),
                         ["b-a"])
        self.assertEqual(results(path + ":f", ['{"b": "2", "a": "1"}'], "fields=json", kind="file"), ["1-2"])

    def test_a_batch_is_a_list_and_so_are_its_results(self):
        path = self.write("f.py", """
            class Array(list):
                def tolist(self):
                    return [str(value) for value in self]

            def double(xs):
                return Array(x * 2 for x in xs)

            def total(xs):
                return sum(xs)

            def drop(xs):
                return xs[1:]
        """)
        self.assertEqual(results(path + ":double", "12345", "batch=2", "as=int", kind="file"), ["2", "4", "6", "8", "10"])
        failed = results(path + ":drop", "123", "batch=2", kind="file")
        self.assertEqual([one.error for one in failed], ["ValueError: 1 results for a batch of 2 items"] * 2
                         + ["ValueError: 0 results for a batch of 1 items"])
        self.assertIn("not a int", results(path + ":total", "1", "batch=2", "as=int", kind="file")[0].error)

    def test_what_is_not_there_is_refused(self):
        raising = self.write("raising.py", "1 / 0\n")
        broken = self.write("broken.py", "def f(:\n")
        number = self.write("number.py", "f = 1\n")
        for kind, text, status, why in [
            ("module", "no_such_module:f", 2, "No module named 'no_such_module'"),
            ("module", "os:no_such", 2, "os has no no_such"),
            ("file", "/nonexistent.py:f", 2, "No such file"),
            ("file", number + ":f", 2, "is of type int and cannot be called"),
            ("file", broken + ":f", 2, "SyntaxError"),
            ("file", raising + ":f", 3, "ZeroDivisionError"),
        ]:
            with self.subTest(text), Worker(text, kind=kind) as worker:
                self.assertEqual(worker.greeting[1:3], (status, REFUSED))
                self.assertIn(why, worker.greeting[3].decode())
        for option, status in [("import=no_such", 2), ("init=1 +", 2), ("init=1/0", 3)]:
            with self.subTest(option), Worker("x", option) as worker:
                self.assertEqual(worker.greeting[1:3], (status, REFUSED))

    def test_what_is_printed_goes_to_standard_error(self):
        path = self.write("f.py", """
            import os, subprocess, sys

            def f(x):
                print("print", x)
                sys.stdout.write("write\\n")
                os.write(1, b"os\\n")
                subprocess.check_call(["sh", "-c", "echo sh; cat; ls /proc/self/fd | wc -l >&2"])
                return sys.stdin.read()
        """)
        with Worker(path + ":f", kind="file") as worker:
            self.assertEqual(worker.do([b"\xff"]), [""])
            status, said = worker.end()
        self.assertEqual((status, said.splitlines()[:4]), (0, ["print \\udcff", "write", "os", "sh"]))

    def test_an_end_is_a_normal_end(self):
        path = self.write("f.py", "import atexit\natexit.register(print, 'bye')\ndef f(x): return x\n")
        with Worker(path + ":f", kind="file") as worker:
            worker.do("1")
            self.assertEqual(worker.end(), (0, "bye\n"))


class Stopping(Folder):
    SOURCE = """
        import asyncio, os, sys

        def f(x):
            print("at", x, file=sys.stderr, flush=True)
            while not os.path.exists(x): pass
            if x == "bad":
                raise ValueError(x)
            return x + "!"

        def many(xs):
            return list(map(f, xs))

        async def g(x):
            print("at", x, file=sys.stderr, flush=True)
            while not os.path.exists(x): await asyncio.sleep(0.001)
            return x + "!"
    """

    def start(self, name, *options):
        return Worker(self.write("f.py", self.SOURCE) + ":" + name, *options, kind="file", cwd=self.folder)

    def open(self, *names):
        for name in names:
            self.write(name, "")

    def at(self, worker, *names):
        self.assertEqual(worker.process.stderr.readline().decode(), "at %s\n" % names[-1])

    def test_what_has_not_begun_is_passed_over(self):
        for name, options in [("f", []), ("g", [])]:
            with self.subTest(name), self.start(name, *options) as worker:
                self.open("a")
                worker.send([b"a", b"slow", b"c"])
                worker.send([b"d"], first=4)
                self.at(worker, "a")
                self.at(worker, "slow")
                self.assertEqual(worker.stop(), 2)
                worker.send([b"e", b"f"], first=5)
                worker.send([], first=0)
                self.open("slow", "g")
                worker.send([b"g"], first=9)
                answers = [worker.read()]
                while answers[-1][2] != STOPPED:
                    answers.append(worker.read())
                done = [result for answer in answers[:-1] for result in worker.results(*answer)]
                self.assertEqual((done, answers[-1]), (["a!", "slow!"], (3, 0, STOPPED, b"")))
                self.at(worker, "g")
                self.assertEqual(worker.results(*worker.read()), ["g!"])
                self.assertFalse(worker.is_stopped())
                os.remove(os.path.join(self.folder, "slow"))
                os.remove(os.path.join(self.folder, "g"))
                os.remove(os.path.join(self.folder, "a"))

    def test_what_failed_before_the_stop_is_answered(self):
        with self.start("f") as worker:
            self.open("a")
            worker.send([b"a", b"bad", b"c"])
            self.at(worker, "a")
            self.at(worker, "bad")
            worker.stop()
            worker.send([], first=0)
            self.open("bad")
            one, two = worker.results(*worker.read())
            self.assertEqual((one, two.error), ("a!", "ValueError: bad"))
            self.assertEqual(worker.read(), (3, 0, STOPPED, b""))

    def test_a_list_that_has_begun_is_done(self):
        with self.start("many", "batch=2") as worker:
            self.open("a", "c")
            worker.send([b"a", b"b", b"c", b"d", b"e"])
            self.at(worker, "a")
            self.at(worker, "b")
            self.assertEqual((worker.stop(), worker.page()), (1, (1, 2)))
            worker.send([], first=0)
            self.open("b")
            self.assertEqual(worker.results(*worker.read()), ["a!", "b!"])
            self.assertEqual(worker.read(), (3, 0, STOPPED, b""))

    def test_one_that_has_nothing_goes_on(self):
        for name, options in [("f", []), ("g", ["concurrency=3"])]:
            with self.subTest(name), self.start(name, *options) as worker:
                self.open("a")
                self.assertEqual(worker.stop(), 0)
                worker.send([], first=0)
                self.assertEqual(worker.read(), (0, 0, STOPPED, b""))
                self.assertEqual(worker.do("a", first=7), ["a!"])
                # It may be about to note that it is at nothing.
                self.assertIn(worker.stop(), (0, 7) if name == "f" else (7,))

    def test_of_several_at_work_all_go_on(self):
        with self.start("g", "concurrency=2") as worker:
            worker.send([b"a", b"b", b"c"])
            self.at(worker, "a")
            self.at(worker, "b")
            self.assertEqual(worker.stop(), 2)
            worker.send([], first=0)
            self.open("b")
            self.assertEqual(worker.results(*worker.read()), ["b!"])
            self.assertEqual(worker.read(), (3, 0, STOPPED, b""))
            self.open("a")
            self.assertEqual(worker.results(*worker.read()), ["a!"])


class Async(Folder):
    SOURCE = """
        import asyncio, os

        at_work = most = 0

        async def f(x):
            global at_work, most
            at_work += 1
            most = max(most, at_work)
            await asyncio.sleep(0.01)
            at_work -= 1
            if x == "slow":
                await asyncio.sleep(60)
            if x == "bad":
                raise ValueError(x)
            if x == "worst":
                await asyncio.sleep(0)
                os._exit(1)
            return x + "!"

        async def g(x):
            for n in range(int(x)):
                yield n

        async def how_many(x):
            await asyncio.sleep(0.01)
            return most
    """

    def start(self, name, *options):
        return Worker(self.write("f.py", self.SOURCE) + ":" + name, *options, kind="file")

    def test_so_many_items_are_at_work_at_once(self):
        with self.start("f", "concurrency=7", "init=import sys") as worker:
            for first in range(1, 41, 2):
                worker.send([b"a", b"b"], first=first)
            firsts = sorted(worker.read()[0] for _ in range(40))
            self.assertEqual(firsts, list(range(1, 41)))
        for concurrency, most in [(1, 1), (7, 7)]:
            with self.start("f", "concurrency=%d" % concurrency, "init=import atexit; atexit.register(lambda: print(most))") as worker:
                worker.do(["a"] * 20)
                self.assertEqual(worker.end(), (0, "%d\n" % most))

    def test_what_takes_too_long_is_given_up_alone(self):
        with self.start("f", "concurrency=3", "timeout=0.5", "init=import asyncio") as worker:
            one, two = worker.do(["a", "slow"])
            self.assertEqual(one, "a!")
            self.assertIs(two, TIMEOUT)

    def test_failures_and_generators(self):
        with self.start("f", "concurrency=3") as worker:
            one, two, three = worker.do(["a", "bad", "c"])
            self.assertEqual((one, two.error, three), ("a!", "ValueError: bad", "c!"))
            self.assertNotIn("<parjob>", two.traceback)
        with self.start("g") as worker:
            self.assertEqual(worker.do("201"), ["0\n1", None, "0"])

    def test_the_one_of_many_that_kills_the_worker_is_known(self):
        with self.start("f", "concurrency=9") as worker:
            self.assertIsNone(worker.do(["a", "b", "worst", "c", "d"], first=50))
            self.assertEqual(worker.page(), (52, 1))

    def test_of_many_the_one_that_leaves_the_worker_is_alone_to_blame(self):
        interrupt = "(_ for _ in ()).throw(KeyboardInterrupt())"
        for leaves, status in [("sys.exit(3)", 3), ("sys.exit('over')", 1), (interrupt, 130)]:
            text = "%s if x == '2' else await asyncio.sleep(60, x)" % leaves
            with Worker(text, "import=asyncio", "import=sys", "concurrency=9") as worker:
                self.assertIsNone(worker.do("13425"))
                self.assertEqual(worker.page(), (4, 1))
                ended, said = worker.end()
                self.assertEqual(ended, status)
                self.assertNotIn("never retrieved", said)

    def test_an_interrupt_fails_no_item(self):
        with Worker("print('up') or await asyncio.sleep(60, x)", "import=asyncio", "concurrency=9") as worker:
            worker.send([b"a", b"b"])
            worker.process.stderr.readline()
            worker.process.send_signal(signal.SIGINT)
            self.assertIsNone(worker.read())
            self.assertEqual(worker.end()[0], 130)

    def test_concurrency_is_for_async_functions(self):
        with Worker("os.path:basename", "concurrency=2", kind="module") as worker:
            self.assertEqual(worker.greeting[1:3], (2, REFUSED))
        path = self.write("object.py", "class Called:\n    def __call__(self, x): return x\nf = Called()\n")
        with Worker(path + ":f", "concurrency=2", kind="file") as worker:
            self.assertEqual(worker.greeting[1:3], (2, REFUSED))
        self.assertEqual(results("asyncio.sleep(0, x)", "ab", "import=asyncio", "concurrency=2"), ["a", "b"])


if __name__ == "__main__":
    signal.alarm(120)
    unittest.main()
