#!/usr/bin/env python3
"""Writes agentdojo.json from the Python package `agentdojo` (0.1.35, MIT licence, ETH Zurich), suites v1.2.2.

    pip download --no-deps agentdojo==0.1.35 && unzip agentdojo-*.whl
    pip install --target deps docstring-parser email-validator deepdiff
    PYTHONPATH=.:deps python3 extract_agentdojo.py > agentdojo.json

Facts only: each user task's words, the calls of its ground truth and what the tools of the suite answered
(with the places an attacker can write to marked `{{name}}`), and each injection task's goal and calls.
Providers' SDKs, which the package imports and nothing here uses, are replaced by empty stand-ins.
"""
import json, sys, warnings
from importlib.machinery import ModuleSpec
from unittest.mock import MagicMock

SDKS = ("openai", "anthropic", "cohere", "google", "langchain", "torch", "transformers", "rich", "vertexai")


class Stand(MagicMock):
    __path__ = []


class Finder:
    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self, is_package=True) if name.split(".")[0] in SDKS else None

    def create_module(self, spec):
        module = Stand()
        module.__spec__, module.__name__ = spec, spec.name
        return module

    def exec_module(self, module):
        pass


sys.meta_path.insert(0, Finder())
warnings.simplefilter("ignore")
from agentdojo.agent_pipeline.tool_execution import tool_result_to_str
from agentdojo.functions_runtime import FunctionsRuntime
from agentdojo.task_suite.load_suites import get_suites

# What a server would say of its tools (readOnlyHint, openWorldHint).
READS = ("get_", "search_", "read_", "list_", "check_")


def hints(name):
    read_only = name.startswith(READS)
    return {"read_only": read_only, "open_world": name == "get_webpage" or not read_only}


def plain(value):
    return json.loads(json.dumps(value, default=str))


def calls_of(task, env, runtime):
    out = []
    for call in task.ground_truth(env.model_copy(deep=True)):
        result, error = runtime.run_function(env, call.function, call.args)
        text = error or tool_result_to_str(result)
        out.append({"tool": call.function, "args": plain(dict(call.args)), "output": text})
    return out


suites = []
for name, suite in get_suites("v1.2.2").items():
    runtime = FunctionsRuntime(suite.tools)
    marks = {vector: "{{%s}}" % vector for vector in suite.get_injection_vector_defaults()}
    entry = {"name": name, "vectors": plain(suite.get_injection_vector_defaults()), "tools": {}, "user": [], "injection": []}
    for tool in suite.tools:
        entry["tools"][tool.name] = hints(tool.name)
    for task in suite.user_tasks.values():
        env = task.init_environment(suite.load_and_inject_default_environment(marks))
        entry["user"].append({"id": task.ID, "prompt": task.PROMPT, "calls": calls_of(task, env, runtime)})
    for task in suite.injection_tasks.values():
        env = suite.load_and_inject_default_environment({})
        env = task.init_environment(env) if hasattr(task, "init_environment") else env
        entry["injection"].append({"id": task.ID, "goal": task.GOAL, "calls": calls_of(task, env, runtime)})
    suites.append(entry)

# The same long answers come again and again: each text once.
texts, index = [], {}


def intern(text):
    if text not in index:
        index[text] = len(texts)
        texts.append(text)
    return index[text]


for suite in suites:
    for task in suite["user"] + suite["injection"]:
        for call in task["calls"]:
            call["output"] = intern(call["output"])
json.dump({"source": "agentdojo 0.1.35, suites v1.2.2, MIT licence, https://github.com/ethz-spylab/agentdojo",
           "texts": texts, "suites": suites}, sys.stdout, ensure_ascii=False, separators=(",", ":"))
