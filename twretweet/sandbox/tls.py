"""Being X over TLS, for clients whose host is fixed: certificates of our own making.

They are good for X's names and for this machine's. Whoever is to believe them has to be told of
the authority behind them, whose certificate lies in a file; its key is in this process alone, and
is forgotten with it.
"""

import shutil
import ssl
import weakref
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

HOSTS: Final = ("api.x.com", "api.twitter.com")
"""The names of X under which a client may take the sandbox for X."""
_NAMES: Final = (*HOSTS, "localhost", "127.0.0.1", "::1")


class Tls:
    """A certificate, and the file of the authority that answers for it.

    Raises:
        ImportError: the extra ``tls`` is not installed.

    Attributes:
        ca_file: the authority's certificate (PEM), there as long as this object.
        context: what a listener needs.
    """

    def __init__(self) -> None:
        # Only who wants TLS needs it.
        try:
            import trustme  # noqa: PLC0415
        except ImportError as error:
            raise ImportError(
                "a sandbox with TLS needs the extra: pip install 'twretweet[tls]'",
                name="trustme",
            ) from error
        authority = trustme.CA(organization_name="twretweet sandbox")
        folder = mkdtemp(prefix="twretweet-sandbox-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.ca_file = Path(folder) / "ca.pem"
        authority.cert_pem.write_to_path(self.ca_file)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*_NAMES).configure_cert(self.context)  # pyright: ignore[reportUnknownMemberType]
