"""The command ``roiops doctor``."""

from __future__ import annotations

from roiops.cli.console import console, fail


def doctor() -> None:
    """Say what is installed and whether it works on this machine."""
    from roiops import _doctor

    bad = []
    for finding in _doctor.examine():
        mark = "[green]ok[/]  " if finding.ok else "[red]FAIL[/]"
        console.print(f"{mark} {finding.name}:", end=" ")
        console.print(finding.text, markup=False, soft_wrap=True)
        if not finding.ok:
            bad.append(finding.name)
    if bad:
        fail(f"roiops does not work here: {', '.join(bad)}")
    console.print("roiops works here.")
