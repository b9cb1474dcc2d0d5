"""Where the bytes live. The orchestrator only knows addresses and checksums; organizations keep the bytes."""
import hashlib

from client import pb


def checksum(content):
    return hashlib.sha256(content).hexdigest()


class Storage:
    """Stands for the file servers of all organizations: what one of them puts, the others can fetch."""

    def __init__(self):
        self._contents = {}

    def put(self, organization, path, content):
        """Keeps the bytes; answers what to register with the orchestrator."""
        address = f"http://{organization}.example/{path}"
        self._contents[address] = content
        return pb.Addressable(storage_address=address, checksum=checksum(content))

    def get(self, addressable):
        """The bytes, checked: the checksum was registered with the orchestrator, so nobody can swap them."""
        content = self._contents[addressable.storage_address]
        if checksum(content) != addressable.checksum:
            raise ValueError(f"{addressable.storage_address} does not have the registered checksum")
        return content
