"""Fingerprints of the history of a channel."""
import hashlib

from client import pb


class History:
    """A sequence of events in brief. Two are equal if the same events came in the same order."""

    def __init__(self):
        self.events = 0
        self._digest = hashlib.sha256()

    def add(self, event):
        self.events += 1
        # Maps have no order on the wire; `deterministic` gives them one.
        self._digest.update(event.SerializeToString(deterministic=True))

    def fingerprint(self):
        return self._digest.hexdigest()


def replay(client, last):
    """The history from the first event to the one with the id `last`, as one organization is told it."""
    history = History()
    events = client.EventService.SubscribeToEvents(pb.SubscribeToEventsParam())  # no start: from the beginning
    for event in events:
        history.add(event)
        if event.id == last:
            break
    events.cancel()  # a subscription never ends by itself
    return history
