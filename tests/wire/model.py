"""A small model of the network: what a random command should be answered, and what it changes.

It knows states, owners and links, not texts or permissions: everything is public, so that a command is refused for what
it does and not for who may see what.
"""
import dataclasses

OK, NOT_FOUND, EXISTS = "OK", "NOT_FOUND", "ALREADY_EXISTS"
DENIED, REFUSED, INVALID, UNKNOWN = "PERMISSION_DENIED", "FAILED_PRECONDITION", "INVALID_ARGUMENT", "UNKNOWN"
FINAL = ("DONE", "CANCELED", "FAILED")
FUNCTION_STEPS = {("WAITING", "BUILDING"), ("WAITING", "CANCELED"), ("BUILDING", "READY"), ("BUILDING", "FAILED"),
                  ("BUILDING", "CANCELED")}
BUILD_STATUSES = ("WAITING_FOR_BUILDER_SLOT", "BUILDING")


@dataclasses.dataclass
class Function:
    owner: str
    status: str = "WAITING"


@dataclasses.dataclass
class Plan:
    owner: str
    terminated: bool = False


@dataclasses.dataclass
class Task:
    plan: str
    function: str
    owner: str
    worker: str
    parents: list
    transient: bool
    status: str = ""
    model: str = ""
    disabled: bool = False


class Model:
    """All assets by label. Each command gives the status of its answer and, if that is OK, applies its effect."""

    def __init__(self):
        self.functions, self.plans, self.tasks, self.models, self.samples = {}, {}, {}, set(), {}

    def register_function(self, who, label):
        if label in self.functions:
            return EXISTS
        self.functions[label] = Function(who)
        return OK

    def register_plan(self, who, label):
        if label in self.plans:
            return EXISTS
        self.plans[label] = Plan(who)
        return OK

    def register_samples(self, who, labels):
        if set(labels) & set(self.samples) or len(set(labels)) < len(labels):
            return EXISTS
        self.samples.update(dict.fromkeys(labels, who))
        return OK

    def rename_plan(self, who, label):
        if label not in self.plans:
            return NOT_FOUND
        return OK if self.plans[label].owner == who else DENIED

    def cancel_plan(self, who, label):
        status = self.rename_plan(who, label)
        if status != OK:
            return status
        if self.plans[label].terminated:
            return UNKNOWN
        self.plans[label].terminated = True
        return OK

    def all_done(self, labels):
        return all(self.tasks[label].status == "DONE" for label in labels)

    def initial_status(self, task):
        if any(self.tasks[parent].status in ("FAILED", "CANCELED") for parent in task.parents):
            return "CANCELED"
        status = self.functions[task.function].status
        if status == "READY":
            return "WAITING_FOR_EXECUTOR_SLOT" if self.all_done(task.parents) else "WAITING_FOR_PARENT_TASKS"
        return "WAITING_FOR_BUILDER_SLOT" if status == "WAITING" else status

    def sorted_order(self, tasks):
        """Behaviour 12.3: breadth-first, stable. Shorter than the request when a parent is unknown."""
        open_parents = {label: {parent for parent in task.parents if parent not in self.tasks} for label, task in tasks}
        queue = [label for label, _ in tasks if not open_parents[label]]
        for head in queue:  # grows while it is read
            for label, _ in tasks:
                if head in open_parents[label]:
                    open_parents[label].remove(head)
                    if not open_parents[label]:
                        queue.append(label)
        return queue

    def register_tasks(self, who, tasks):
        """`tasks`: (label, Task) in the order of the request."""
        if any(label in self.tasks for label, _ in tasks):
            return EXISTS
        order, by_label = self.sorted_order(tasks), dict(tasks)
        if len(order) < len(tasks):
            return INVALID
        for task in (by_label[label] for label in order):
            if task.plan not in self.plans:
                return NOT_FOUND
            if self.plans[task.plan].owner != who:
                return DENIED
            if task.function not in self.functions:
                return NOT_FOUND
            stored = [self.tasks[parent] for parent in task.parents if parent in self.tasks]
            if any(parent.status == "DONE" and parent.disabled for parent in stored):
                return INVALID
        for label in order:
            task = self.tasks[label] = by_label[label]
            task.status = self.initial_status(task)
        return OK

    def enter(self, label, status):
        """A task enters a status, with what follows from it."""
        task = self.tasks[label]
        task.status = status
        if status == "FAILED":
            self.plans[task.plan].terminated = True
        if status == "DONE":
            for child in self.tasks.values():
                waits = child.status == "WAITING_FOR_PARENT_TASKS"
                if waits and label in child.parents and self.all_done(child.parents):
                    child.status = "WAITING_FOR_EXECUTOR_SLOT"

    def apply_task_action(self, who, label, action):
        if label not in self.tasks:
            return NOT_FOUND
        task = self.tasks[label]
        allowed = {task.worker} if action in ("EXECUTING", "DONE") else {task.worker, task.owner}
        if who not in allowed:
            return DENIED
        needed = {"EXECUTING": "WAITING_FOR_EXECUTOR_SLOT", "DONE": "EXECUTING"}.get(action, task.status)
        if task.status in FINAL or task.status != needed:
            return UNKNOWN
        self.enter(label, action)
        return OK

    def apply_function_action(self, who, label, action):
        if label not in self.functions:
            return NOT_FOUND
        function = self.functions[label]
        if function.owner != who:
            return DENIED
        if (function.status, action) not in FUNCTION_STEPS:
            return UNKNOWN
        function.status = action
        moving = [(each, task) for each, task in self.tasks.items()
                  if task.function == label and task.status in BUILD_STATUSES]
        for each, task in moving:
            if action == "READY":
                ready = self.all_done(task.parents)
                self.enter(each, "WAITING_FOR_EXECUTOR_SLOT" if ready else "WAITING_FOR_PARENT_TASKS")
            else:
                self.enter(each, action)
        return OK

    def register_model(self, who, label, task_label):
        if task_label not in self.tasks:
            return NOT_FOUND
        task = self.tasks[task_label]
        if task.worker != who:
            return DENIED
        if task.status != "EXECUTING":
            return REFUSED
        if task.model or label in self.models:
            return EXISTS
        task.model = label
        self.models.add(label)
        return OK

    def report_failure(self, who, label):
        if label not in self.tasks:
            return NOT_FOUND
        if self.tasks[label].worker != who:
            return DENIED
        if self.tasks[label].status != "EXECUTING":
            return REFUSED
        self.enter(label, "FAILED")
        return OK

    def disable(self, who, label):
        if label not in self.tasks:
            return NOT_FOUND
        task = self.tasks[label]
        if task.worker != who:
            return DENIED
        children = [child for child in self.tasks.values() if label in child.parents]
        final = all(each.status in FINAL for each in [task, *children])
        if not (final and task.transient and task.model and children):
            return UNKNOWN
        task.disabled = True
        return OK

    def is_running(self, label):
        of_plan = [task for task in self.tasks.values() if task.plan == label]
        return not self.plans[label].terminated and any(task.status not in FINAL for task in of_plan)
