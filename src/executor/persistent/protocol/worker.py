"""The worker of `parjob py`: calls a Python function with items, chunk by chunk.

parjob starts it, writes chunks of items to its standard input and reads answers from its standard output. It needs
the standard library only, from Python 3.8 on. It knows nothing of the run, of other workers, or of order.

What goes over the pipes, all numbers little-endian:

    chunk    number of the first item (8 bytes), how many items (4), bytes that follow (4), the byte that closes an item
             (1), whether items hold fields (1), nothing (2); then the items, each closed by that byte. One of no items
             is where a worker that has stopped goes on.
    answer   number of the first item (8), how many items (4), kind (4), bytes that follow (8); then by its kind
             READY     nothing: the function is there
             REFUSED   why it never will be, for a person; the number of items is parjob's exit status
             LINES     a line for each item: all went well
             SIZES     the length of each item's text (4 each), what the text is (1 each: RESULT, NOTHING, FAILURE,
                       TIMEOUT), then the texts; that of a failure is the error, NUL, the traceback
             STOPPED   nothing: the worker goes on; the number is that of the item that it stopped before, or 0

What the worker is at stands in a page of memory that parjob sees too, also when the worker is dead: see `shared_page`.
To note an item costs 30 ns, since the loop itself does: `for page[0], x in ...`. When another worker has nothing to do,
parjob sets a flag in the page, and takes back what has not begun. The item is noted before the flag is looked at, so
that one of the two sees the other; then all is passed over that was sent before the flag was seen.

The user's code sees /dev/null as its standard input, and what it prints goes to standard error: the two pipes are kept
under other numbers, which no child process gets.

Start-up is what a pool is there to save, and to compile all of this takes 3 ms, a third of the start of Python. So
parjob gives Python the first part only, up to a line of dashes, and the rest is fetched by `later` where it is needed.
"""

import os
import sys

READY, REFUSED, LINES, SIZES, STOPPED = range(0xA95EC300, 0xA95EC305)
RESULT, NOTHING, FAILURE, TIMEOUT = range(4)

# Places in the page.
BEGUN, COUNT, STOP, AT = range(4)

# Types whose values become text without any code of the user's.
PLAIN = {str, int, float, bool, type(None)}

# What ends a worker; anything else that is raised is the failure of an item.
FATAL = (KeyboardInterrupt, SystemExit)

# What an expression becomes. It may end with a comment.
FUNCTION = "def expression(x): return (%s\n)"

# What is done for the items of a chunk. Names of its own are quicker to find than those around it.
LOOP = """
def loop(items, add, page=page, function=function):
    for page[0], x in items:
        if page[2]: break
        add(function(%s))
"""

# Set in the flags of code that makes a coroutine.
CO_COROUTINE = 0x80

# The folders in which the user's modules are looked for.
ADDED = []


def later(name):
    """Something of the second part."""
    if name not in globals():
        exec(compile(REST(), later.__code__.co_filename, "exec"), globals())
    return globals()[name]


class Options:
    """The words of the command line, each name=value; some names come more than once."""

    def __init__(self, words):
        self.pairs = [word.partition("=")[::2] for word in words]

    def many(self, name):
        return [value for key, value in self.pairs if key == name]

    def one(self, name, default=""):
        return (self.many(name) or [default])[-1]


class Pipes:
    """Chunks in, answers out."""

    def __init__(self):
        self.chunks = open(os.dup(0), "rb", 1 << 16, closefd=False)
        self.answers = os.dup(1)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.dup2(2, 1)
        for stream in (sys.stdout, sys.stderr):
            # A line is seen while its item is at work; and bytes that are no characters can be printed.
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
        # A process that the user's code forks must not answer, and must not keep the pipes open.
        os.register_at_fork(after_in_child=self.close)

    def close(self):
        # In the child of a child the numbers may be those of other files.
        if self.answers is not None:
            os.close(self.chunks.fileno())
            os.close(self.answers)
            self.answers = None

    def read(self):
        """The next chunk: its first number, count, closing byte, whether it has fields, bytes. None after the last."""
        head = self.chunks.read(20)
        if len(head) < 20:
            return None
        number = int.from_bytes
        size = number(head[12:16], "little")
        data = self.chunks.read(size)
        if len(data) < size:
            return None
        return number(head[:8], "little"), number(head[8:12], "little"), head[16], head[17], data

    def write(self, first, count, kind, *parts):
        size = sum(map(len, parts))
        head = b"%b%b%b%b" % (
            first.to_bytes(8, "little"),
            count.to_bytes(4, "little"),
            kind.to_bytes(4, "little"),
            size.to_bytes(8, "little"),
        )
        written = os.writev(self.answers, (head,) + parts)
        if written < len(head) + size:
            rest = memoryview(head + b"".join(parts))[written:]
            while rest:
                rest = rest[os.write(self.answers, rest) :]


def decode(data):
    return data.decode("utf-8", "surrogateescape")


def encode(text):
    """Bytes that were no UTF-8 come back as they were."""
    return text.encode("utf-8", "surrogateescape")


def compile_expression(text):
    """Code that makes `expression` a function of x, which is async where the expression waits for something."""
    text = text.strip()
    try:
        # By itself first: "x) + (x" is none. The number is ast.PyCF_ALLOW_TOP_LEVEL_AWAIT.
        flags = compile(text, "<expression>", "eval", 0x2000).co_flags
        source = ("async " if flags & CO_COROUTINE else "") + FUNCTION % text
        return compile(source, "<expression>", "exec")
    except (SyntaxError, ValueError) as error:
        raise later("refusal")(2, "py cannot read the expression", error) from None


def add_path(folder):
    """Modules of the user's are found there. Those of Python's own are not taken from there: see `standard`."""
    sys.path.insert(0, folder)
    ADDED.append(folder)


def load(options):
    """The function that was asked for, when --import and --init have been carried out in its namespace."""
    if options.one("kind") != "expr":
        return later("load_named")(options)
    add_path(os.getcwd())
    namespace = {"__name__": "parjob"}
    code = compile_expression(options.one("text"))
    if options.many("import") or options.many("init"):
        later("prepare")(options, namespace)
    exec(code, namespace)
    return namespace["expression"]


class Worker:
    def __init__(self, options, pipes, page):
        self.pipes, self.page = pipes, page
        self.as_bytes = options.one("as") == "bytes"
        self.batch = int(options.one("batch", "0"))
        self.concurrency = int(options.one("concurrency", "0"))
        self.timeout = float(options.one("timeout", "0")) or None
        self.tracebacks = int(options.one("tracebacks", "10"))
        self.expression = options.one("text") if options.one("kind") == "expr" else None
        self.show, self.event_loop = str, None
        if options.one("json"):
            self.show = later("json_encoder")()
        function = load(options)
        self.is_async = self.may_be_async(function) and later("is_async")(self, function, options.one("text"))
        call, space = "x", {"page": page, "function": function}
        if len(options.pairs) > 3:
            call = later("argument")(options, space)
        exec(LOOP % call, space)
        self.loop, self.space, self.argument = space["loop"], space, call

    def may_be_async(self, function):
        code = getattr(function, "__code__", None)
        return self.concurrency or code is None or code.co_flags & CO_COROUTINE or hasattr(function, "__wrapped__")

    def serve(self):
        """Answers chunks until there are no more."""
        while True:
            chunk = self.pipes.read()
            if chunk is None:
                return
            first, count, closing, fields, data = chunk
            if not count:
                self.go_on(0)
                continue
            items = self.split(data, closing, fields)
            results, failures = later("batches")(self, first, items) if self.batch else self.singly(first, items)
            if results:
                self.answer(first, results, failures)
            # What was begun stays noted: its answer may not have been read.
            self.page[COUNT] = 0
            if len(results) < len(items):
                self.pass_over()
                self.go_on(first + len(results))

    def pass_over(self):
        """Reads what parjob has given to others, up to the place where this worker goes on."""
        while True:
            chunk = self.pipes.read()
            if chunk is None or not chunk[1]:
                return

    def go_on(self, before):
        self.page[STOP] = 0
        self.pipes.write(before, 0, STOPPED)

    def split(self, data, closing, fields):
        """The items of a chunk: text or bytes, or a list of those where items hold fields."""
        if fields or self.as_bytes or closing > 127:
            return later("split_bytes")(data, closing, fields, self.as_bytes)
        return decode(data).split(chr(closing))[:-1]

    def singly(self, first, items):
        """What the function returns for each item, and errors by their place."""
        self.page[COUNT] = 1
        results, failures, numbered = [], {}, enumerate(items, first)
        while True:
            try:
                # Goes on behind an item that failed: the numbered items know how far they are.
                self.loop(numbered, results.append)
                return results, failures
            except FATAL:
                raise
            except BaseException as error:
                failures[len(results)] = error
                results.append(None)

    def answer(self, first, results, failures):
        lines = None if failures else self.lines(results)
        if lines is not None:
            self.pipes.write(first, len(results), LINES, lines)
        else:
            self.pipes.write(first, len(results), SIZES, *later("sizes")(self, first, results, failures))
            self.page[AT] = 0

    def lines(self, results):
        """All results at once, a line each. None where that cannot be, or is not known."""
        kinds = set(map(type, results))
        if not kinds <= PLAIN:
            return None
        try:
            if self.show is str and kinds == {int}:
                # Takes half of the time of a text for each.
                return b"%d\n" * len(results) % tuple(results)
            texts = results if self.show is str and kinds == {str} else map(self.show, results)
            text = "\n".join(texts)
            # The last one is closed too.
            return encode(text + "\n") if text.count("\n") == len(results) - 1 else None
        except ValueError:
            # Characters that are none, or an integer of more digits than Python prints.
            return None


def shared_page(descriptor):
    """Numbers that parjob sees too.

    BEGUN   the item that was begun last, 0 for none
    COUNT   how many were begun with it, in a list; 0 for none since the last answer
    STOP    set by parjob: no item is to be begun
    AT      the item whose code runs, where that is not the last one that was begun
    """
    if not descriptor:
        return memoryview(bytearray(32)).cast("Q")
    import mmap

    # Programs that the function starts are not to have it.
    os.set_inheritable(int(descriptor), False)
    return memoryview(mmap.mmap(int(descriptor), 32)).cast("Q")


def main(words):
    options, pipes = Options(words), Pipes()
    sys.argv[1:] = []
    if sys.path[:1] == [""]:
        # Nothing that lies in the working directory is taken for a part of Python.
        del sys.path[0]
    try:
        worker = Worker(options, pipes, shared_page(options.one("page")))
    except Exception as error:
        if not hasattr(error, "exit_status"):
            raise
        return pipes.write(0, error.exit_status, REFUSED, str(error).encode("utf-8", "backslashreplace"))
    pipes.write(0, 0, READY)
    later("serve_async")(worker) if worker.is_async and not worker.batch else worker.serve()


# ---------------------------------------------------------------------------------------------------------------------


class Refusal(Exception):
    """What was asked for cannot be done, and no item is to blame."""

    def __init__(self, exit_status, message):
        super().__init__(message)
        self.exit_status = exit_status


def refusal(exit_status, what, error):
    return Refusal(exit_status, "%s:\n%s" % (what, told(error)))


def attempt(status, what, do, *given):
    """Does something; what it raises is a refusal. What is wrong with code that was found is no wrong command line."""
    try:
        return do(*given)
    except FATAL:
        raise
    except BaseException as error:
        is_usage = isinstance(error, (SyntaxError, ImportError, OSError))
        raise refusal(status if is_usage else 3, what, error) from None


def standard(name):
    """A module of Python's own, whatever lies in the user's folders."""
    if name not in sys.modules:
        whole, sys.path[:] = sys.path[:], [folder for folder in sys.path if folder not in ADDED]
        try:
            __import__(name)
        finally:
            sys.path[:] = whole
    return sys.modules[name]


# The function: a name in a module or a file.


def load_named(options):
    owner, _, name = options.one("text").rpartition(":")
    is_file = options.one("kind") == "file"
    add_path(os.path.dirname(os.path.abspath(owner)) if is_file else os.getcwd())
    module = attempt(2, "cannot import " + owner, import_file if is_file else import_module, owner)
    prepare(options, vars(module))
    function = module
    for part in name.split("."):
        if not hasattr(function, part):
            raise Refusal(2, "%s has no %s" % (owner, name))
        function = getattr(function, part)
    if not callable(function):
        raise Refusal(2, "%s of %s is of type %s and cannot be called" % (name, owner, type(function).__name__))
    return function


def import_module(name):
    __import__(name)
    return sys.modules[name]


def import_file(path):
    util = standard("importlib.util")
    name = os.path.splitext(os.path.basename(path))[0]
    spec = util.spec_from_file_location(name, path)
    module = sys.modules[name] = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def prepare(options, namespace):
    """--import and --init."""
    for wanted in options.many("import"):
        statement = wanted if wanted.startswith("from ") else "import " + wanted
        attempt(2, "--import " + wanted, exec, statement, namespace)
    for code in options.many("init"):
        compiled = attempt(2, "--init", compile, code, "<init>", "exec")
        attempt(3, "--init", exec, compiled, namespace)


def is_async(worker, function, text):
    """Whether calling the function gives something to be waited for, which --concurrency asks for."""
    for _ in range(10):
        # Decorators say what they wrap, functools.partial too.
        function = getattr(function, "__wrapped__", None) or getattr(function, "func", None) or function
    code = getattr(function, "__code__", None) or getattr(function.__call__, "__code__", None)
    found = bool(getattr(code, "co_flags", 0) & CO_COROUTINE)
    # What an expression comes to is not known before.
    if worker.concurrency and not (found or worker.expression):
        raise Refusal(2, "--concurrency is for async functions, and %s is none" % text)
    return found or bool(worker.concurrency)


# Items: what the function gets.


def argument(options, space):
    """The text between the brackets of a call for the item x; puts what it needs into the space."""
    space["convert"], space["names"] = converter(options), options.many("name")
    value = "convert(%s)" if space["convert"] else "%s"
    if options.one("fields") == "list":
        value = "[%s for field in x]" % (value % "field")
    else:
        value %= "x"
    by_name = space["names"] or options.one("fields") == "json"
    if space["names"]:
        value = "dict(zip(names, %s))" % value
    if options.one("kind") == "expr" or options.one("batch") or not options.one("fields"):
        return value
    return ("**" if by_name else "*") + value


def converter(options):
    """The function from an item's text to its value, None where that is the text."""
    name = "json" if options.one("fields") == "json" else options.one("as")
    if name == "json":
        return standard("json").loads
    if name == "csv":
        reader = standard("csv").reader
        return lambda text: next(reader([text]), [])
    return {"int": int, "float": float}.get(name)


def json_encoder():
    # What is no number is no JSON either.
    made = standard("json").JSONEncoder
    readable, ascii = made(ensure_ascii=False, allow_nan=False).encode, made(allow_nan=False).encode

    def encoder(value):
        text = readable(value)
        try:
            # Bytes that are no characters would make this no JSON.
            return text if text.isascii() or text.encode() else text
        except UnicodeEncodeError:
            return ascii(value)

    return encoder


def split_bytes(data, closing, fields, as_bytes):
    items = data.split(bytes([closing]))[:-1]
    if fields:
        items = map(fields_of, items)
        return list(items) if as_bytes else [list(map(decode, item)) for item in items]
    return items if as_bytes else list(map(decode, items))


def fields_of(item):
    """The fields of `1,2;a bc def`: the lengths of all but the last, then all of them, parted by spaces."""
    lengths, _, text = item.partition(b";")
    fields, start = [], 0
    for length in lengths.split(b",") if lengths else ():
        end = start + int(length)
        fields.append(text[start:end])
        start = end + 1
    fields.append(text[start:])
    return fields


# Results: what does not become lines at once.


def batches(worker, first, items):
    """Results and errors, where the function takes a list and returns as many results."""
    results, failures, space = [], {}, worker.space
    exec("def group(items): return function([%s for x in items])" % worker.argument, space)
    for start in range(0, len(items), worker.batch):
        count = min(worker.batch, len(items) - start)
        # The count last: what parjob reads between the two is too much rather than too little.
        worker.page[BEGUN] = first + start
        worker.page[COUNT] = count
        if worker.page[STOP]:
            break
        try:
            results += as_list(worker, space["group"](items[start : start + count]), count)
        except FATAL:
            raise
        except BaseException as error:
            failures.update(dict.fromkeys(range(start, start + count), error))
            results += [None] * count
    return results, failures


def as_list(worker, returned, count):
    if hasattr(returned, "__await__"):
        returned = wait_for(worker, returned)
    # Arrays have values of Python's own.
    returned = returned.tolist() if hasattr(returned, "tolist") else returned
    if isinstance(returned, (str, bytes, dict)) or not hasattr(returned, "__iter__"):
        raise TypeError("a batch has a list of results, not a %s" % type(returned).__name__)
    returned = list(returned)
    if len(returned) != count:
        raise ValueError("%d results for a batch of %d items" % (len(returned), count))
    return returned


def sizes(worker, first, results, failures):
    """The results one by one: to make text of one may run the user's code, and fail."""
    texts, kinds = [], bytearray()
    for place, result in enumerate(results):
        error, text = failures.get(place), b""
        if error is None:
            if not worker.batch:
                worker.page[AT] = first + place
            try:
                text = text_of(worker, result)
            except FATAL:
                raise
            except BaseException as raised:
                error = raised
        kind = NOTHING if text is None else RESULT
        if error is OVERDUE:
            kind, text = TIMEOUT, b""
        elif error is not None:
            kind, text = FAILURE, failure(worker, error)
        kinds.append(kind)
        texts.append(text or b"")
    lengths = b"".join(len(text).to_bytes(4, "little") for text in texts)
    return lengths, bytes(kinds), b"".join(texts)


def text_of(worker, result):
    """The bytes of a result. The values that an iterator yields are a line each; None where there are none."""
    if hasattr(result, "__await__"):
        result = wait_for(worker, result)
    if hasattr(result, "__anext__"):
        result = iter(wait_for(worker, collect(result)))
    if not hasattr(result, "__next__"):
        return one_text(worker, result)
    texts = [one_text(worker, value) for value in result]
    return b"\n".join(texts) if texts else None


def one_text(worker, value):
    if worker.show is str and isinstance(value, (bytes, bytearray)):
        return bytes(value)
    return encode(worker.show(value))


def wait_for(worker, awaitable):
    """What an awaitable comes to, where nothing else is done meanwhile."""
    if worker.event_loop is None:
        asyncio = standard("asyncio")
        worker.event_loop = asyncio.new_event_loop()
        asyncio.set_event_loop(worker.event_loop)

    async def wait():
        return await awaitable

    return worker.event_loop.run_until_complete(wait())


async def collect(values):
    return [value async for value in values]


# Errors.


def failure(worker, error):
    whole = ""
    if worker.tracebacks > 0:
        worker.tracebacks -= 1
        whole = told(error, worker.expression)
    texts = (headline(error), whole)
    return b"\0".join(text.replace("\0", "\\0").encode("utf-8", "backslashreplace") for text in texts)


def headline(error):
    """What Python prints last: ValueError: invalid literal ..."""
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__ not in ("builtins", "__main__"):
        name = "%s.%s" % (kind.__module__, name)
    try:
        text = str(error)
    except Exception:
        text = "<no text: its __str__ raised>"
    return "%s: %s" % (name, text) if text else name


# A longer traceback says nothing more.
LONGEST = 16 << 10


def told(error, expression=None):
    """The traceback as Python prints it, without the part that is this file's."""
    traceback = standard("traceback")
    if expression is not None:
        # For the line to stand in it.
        text = (FUNCTION % expression.strip()).replace("\n)", ")\n")
        standard("linecache").cache["<expression>"] = (len(text), None, text.splitlines(True), "<expression>")
    frame = error.__traceback__
    while frame and frame.tb_frame.f_code.co_filename in (told.__code__.co_filename, "<string>"):
        frame = frame.tb_next
    text = "".join(traceback.format_exception(type(error), error, frame))
    return text if len(text) <= LONGEST else "...\n" + text[-LONGEST:]


# Async functions: many items at work at once, each answered by itself.


def serve_async(worker):
    asyncio = standard("asyncio")
    exec("def call(x): return function(%s)" % worker.argument, worker.space)
    # Not asyncio.run: on an interrupt it ends all that is at work in order, and each item would have failed.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(Side(worker).serve())
        loop.run_until_complete(loop.shutdown_asyncgens())
    except FATAL as error:
        leave(error)


def leave(error):
    """Ends this process as Python would, but at once: what else is at work is neither ended in order nor answered."""
    status = getattr(error, "code", None)
    if isinstance(error, KeyboardInterrupt):
        print("KeyboardInterrupt", file=sys.stderr)
        status = 130
    elif not isinstance(status, (int, type(None))):
        print(status, file=sys.stderr)
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit((status or 0) & 0xFF)


class Side:
    def __init__(self, worker):
        self.worker, self.call = worker, worker.space["call"]

    async def serve(self):
        asyncio = standard("asyncio")
        loop, under_way = asyncio.get_running_loop(), set()
        slots = asyncio.Semaphore(max(self.worker.concurrency, 1))
        while True:
            chunk = await loop.run_in_executor(None, self.worker.pipes.read)
            if chunk is None:
                break
            first, count, closing, fields, data = chunk
            if not count:
                self.worker.go_on(0)
                continue
            for number, item in enumerate(self.worker.split(data, closing, fields), first):
                await slots.acquire()
                if not self.begin(number):
                    slots.release()
                    # What is at work goes on meanwhile.
                    await loop.run_in_executor(None, self.worker.pass_over)
                    self.worker.go_on(number)
                    break
                task = loop.create_task(self.item(number, item))
                under_way.add(task)
                task.add_done_callback(lambda task: under_way.discard(task) or slots.release())
        await asyncio.gather(*under_way)

    def begin(self, number):
        """Notes that an item begins; whether it may."""
        page = self.worker.page
        before, page[BEGUN] = page[BEGUN], number
        if page[STOP]:
            page[BEGUN] = before
        return page[BEGUN] == number

    async def item(self, number, item):
        asyncio = standard("asyncio")
        wait_for, Overdue = asyncio.wait_for, asyncio.TimeoutError
        result, failures = None, {}
        noted = Noted(self.result(item), self.worker.page, number)
        try:
            # What takes too long is given up by itself: to kill the worker would end what else is at work.
            result = await (wait_for(noted, self.worker.timeout) if self.worker.timeout else noted)
        except FATAL:
            raise
        except Overdue as error:
            # One that the user's code raised is a failure like any other.
            failures[0] = error if error is noted.error else OVERDUE
        except BaseException as error:
            failures[0] = error
        self.worker.answer(number, [result], failures)

    async def result(self, item):
        result = self.call(item)
        if hasattr(result, "__await__"):
            result = await result
        return iter(await collect(result)) if hasattr(result, "__anext__") else result


# In place of the error of an item that took longer than its time.
OVERDUE = object()


class Noted:
    """An awaitable that notes its item whenever it is its turn to run: of many at work, that one is to blame."""

    def __init__(self, awaitable, page, number):
        self.steps, self.page, self.number = awaitable.__await__(), page, number
        # What it raised by itself.
        self.error = None

    def __await__(self):
        step, given = self.steps.send, None
        while True:
            self.page[AT], self.page[COUNT] = self.number, 1
            try:
                waits_for = step(given)
            except StopIteration as end:
                self.page[AT] = 0
                return end.value
            except FATAL as error:
                # While the page says whose fault it is.
                leave(error)
            except BaseException as error:
                self.error = error
                self.page[AT] = 0
                raise
            self.page[AT] = 0
            try:
                step, given = self.steps.send, (yield waits_for)
            except BaseException as error:
                step, given = self.steps.throw, error
