"""What one message costs: whole processes, side by side in turn, as figures and ratios.

    python tests/bench/speed.py [RUNS]             against the sandbox
    python tests/bench/speed.py [RUNS] --openerp   against tests/real/openerp5 too, beside the original gateway
    python tests/bench/speed.py [RUNS] --odoo      against tests/real/odoo too, beside Odoo's own script

mailgate is installed into an environment of its own first, as a user does (with its bytecode). CPU is what the
operating system counted for the finished process, user and system time together; medians of all runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path.insert(0, str(PROJECT))

from mailgate.sandbox import Sandbox, Sink  # noqa: E402
from tests.bench.measure import Bench, installed, mail, timed  # noqa: E402

IMPORTS = "import email, email.policy, xmlrpc.client, smtplib"
GATEWAY = "support@mycompany.com"
CONFIG = """\
default: admin@mycompany.com
state: {folder}/state
log: {folder}/log
erp: {{url: "{url}", database: {database}, user: {user}, password: {{file: {folder}/password}}}}
smtp: {{host: 127.0.0.1, port: {port}}}
authentication: {{trust_from: [mycompany.com]}}
mailboxes:
  - {{address: support@mycompany.com, section: {section}}}
"""


def against_sandbox(folder: Path, python: str, mailgate: str, runs: int) -> None:
    """Print the figures of the plain run beside the bare imports."""
    with Sandbox() as sandbox:
        config = folder / "mailgate.yaml"
        (folder / "password").write_text("admin\n")
        config.write_text(CONFIG.format(folder=folder, url=sandbox.url, database="terp", user=3, port=sandbox.smtp_port,
                                        section="support"))  # fmt: skip
        time.sleep(2.1)  # a file that was just written is not kept compiled
        run = [mailgate, "-c", str(config)]
        timed(run, mail("customer@agrolait.com", GATEWAY, "First", "Hello."))
        case = sandbox.execute("crm.case", "search", [])[0]
        bench = Bench(runs)
        messages = {
            "a new case": partial(mail, "customer@agrolait.com", GATEWAY, "Printer", "It burns."),
            "a follow-up": partial(mail, "customer@agrolait.com", GATEWAY, f"Re: [{case}] First", "It still burns."),
            "a command reply": partial(
                mail, "fabien@mycompany.com", GATEWAY, f"Re: [{case}] First", "Set-State: pending\n\nUse water."
            ),
        }
        rows = [(name, run, make) for name, make in messages.items()]
        bench.measure(("python -c pass", [python, "-c", "pass"], None), ("bare imports", [python, "-c", IMPORTS], None),
                      *rows)  # fmt: skip
        print(f"mailgate on the sandbox, {runs} runs each; bare imports: {IMPORTS}")
        bench.show("bare imports")
        for name, make in messages.items():
            sandbox.calls.clear()
            timed(run, make())
            print(f"ERP calls, {name}: {len(sandbox.calls)}  {' '.join('.'.join(call) for call in sandbox.calls)}")
        print(f"modules of a plain run: {modules(python, run[1:], messages['a follow-up']())}")


def modules(python: str, arguments: list[str], raw: bytes) -> str:
    """Return which modules a run loads beyond those of the bare imports."""
    show = "import sys, os; " + IMPORTS + "; print(' '.join(sys.modules))"
    bare = set(subprocess.run([python, "-c", show], capture_output=True, text=True, check=True).stdout.split())
    code = (
        "import sys, os; from mailgate.__main__ import main; end = os._exit\n"
        "def _end(status):\n    os.write(2, ' '.join(name for name in sys.modules if sys.modules[name]).encode())\n"
        "    end(status)\nos._exit = _end; main(sys.argv[1:])"
    )
    done = subprocess.run([python, "-P", "-c", code, *arguments], input=raw, capture_output=True, check=True)
    loaded = set(done.stderr.decode().split())
    more, fewer = sorted(loaded - bare), sorted(bare - loaded)
    return f"{len(loaded)}; not in the bare imports: {' '.join(more)}; spared: {' '.join(fewer)}"


def against_openerp(folder: Path, mailgate: str, runs: int) -> None:
    """Print the figures on a real OpenERP 5 beside the original gateway's."""
    from tests.real import openerp
    from tests.real.openerp5.seed import OpenERP

    openerp.WANTED = True
    ids = openerp.fresh("bench")
    erp = OpenERP(openerp.server(), "bench", "admin", "admin")
    for login, email in (("fp", "fabien@mycompany.com"), ("ede", "emmanuel@mycompany.com")):
        erp("res.partner.address", "write", [ids["addresses"][login]], {"email": email})
    erp(
        "res.partner.address",
        "write",
        [ids["addresses"]["customer@agrolait.example"]],
        {"email": "customer@agrolait.com"},
    )
    with Sink(openerp.smtp_port()) as sink:
        config = folder / "openerp.yaml"
        (folder / "password").write_text("mailgate\n")
        config.write_text(CONFIG.format(folder=folder / "openerp", url=openerp.server(), database="bench",
                                        user="mailgate", port=sink.port, section="SSUP"))  # fmt: skip
        (folder / "openerp").mkdir()
        (folder / "openerp/password").write_text("mailgate\n")
        time.sleep(2.1)
        case = erp("crm.case", "create", {"name": "First", "section_id": ids["sections"]["SSUP"],
                   "user_id": ids["users"]["fp"], "email_from": "customer@agrolait.com"})  # fmt: skip
        ours = [mailgate, "-c", str(config)]
        uid = str(ids["users"]["mailgate"])
        theirs = [str(openerp.SCRIPTS / "original-mailgate"), "-u", uid, "-p", "mailgate", "-e", GATEWAY, "-s", "SSUP",
                  "-m", "admin@mycompany.com", "-d", "bench"]  # fmt: skip
        new = partial(mail, "customer@agrolait.com", GATEWAY, "Printer", "It burns.")
        reply = partial(mail, "fabien@mycompany.com", GATEWAY, f"Re: [{case}] First", "Use water.")
        bench = Bench(runs)
        bench.measure(("original, a new case", theirs, new), ("mailgate, a new case", ours, new),
                      ("original, a reply", theirs, reply), ("mailgate, a reply", ours, reply))  # fmt: skip
        print(f"on OpenERP 5.0.0-3, {runs} runs each")
        bench.show("original, a new case")
    openerp.drop("bench")


def main() -> None:
    """Run what the command line asks for."""
    runs = next((int(word) for word in sys.argv[1:] if word.isdigit()), 15)
    os.environ.pop("MAILGATE_CONFIG", None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python, mailgate = installed(folder)
        against_sandbox(folder, python, mailgate, runs)
        if "--openerp" in sys.argv:
            against_openerp(folder, mailgate, runs)
        if "--odoo" in sys.argv:
            from tests.bench.odoo_speed import against_odoo

            against_odoo(folder, mailgate, runs)


if __name__ == "__main__":
    main()
