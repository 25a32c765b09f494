"""1000 divided by each item. A worker of `--protocol json`, in which items may fail:

    parjob pool --protocol json python3 divide.py
"""
import json, sys, traceback

for line in sys.stdin:
    given = json.loads(line)
    try:
        answer = {"result": 1000 / float(given["item"])}
    except Exception as error:
        answer = {"error": repr(error), "traceback": traceback.format_exc()}
    print(json.dumps({"seq": given["seq"], **answer}), flush=True)
