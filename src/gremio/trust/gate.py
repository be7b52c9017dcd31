"""The gate: from a request to code that may be executed, or a refusal that says how to go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gremio.code import CodeTree, Difference, Digest, Origin
from gremio.errors import CodeChanged, NotTrusted
from gremio.machine.records import Records
from gremio.machine.settings import Settings
from gremio.machine.terminal import plain
from gremio.sources.trees import Trees
from gremio.trust.approvals import Approvals
from gremio.trust.findings import fingerprint, high, scan
from gremio.trust.request import CodeRequest

_SEAL = object()


@dataclass(frozen=True)
class ApprovedCode:
    """A tree that may be executed, and why. Only this module makes one."""

    tree: CodeTree
    reason: str
    seal: object

    def __post_init__(self) -> None:
        """Refuse anybody else's."""
        if self.seal is not _SEAL:
            raise TypeError("only gremio.trust makes ApprovedCode")

    @property
    def digest(self) -> Digest:
        """The digest of what may be executed."""
        return self.tree.digest


def authorize(request: CodeRequest, settings: Settings) -> ApprovedCode:
    """Apply the policy, compare with what this ref was before, keep the tree, and remember it.

    Raises:
        NotTrusted: no rule lets this code run.
        CodeChanged: the ref had other bytes before and these were not granted by digest.
        StoreError: the tree can't be kept.
    """
    reason = _reason(request, settings)
    # Somebody's word for exactly these bytes, whatever lay there before.
    exact = request.by_digest or Approvals(settings).get(request.tree.digest) is not None
    trees, records = Trees(settings.home), Records(settings.home)
    if request.tree.origin.remote:
        _compare(request, trees, records, exact=exact)
    trees.keep(request.tree)
    _remember(request, reason, records, exact=exact)
    return ApprovedCode(request.tree, reason, _SEAL)


def recall(digest: Digest, settings: Settings) -> ApprovedCode | None:
    """Code that was approved before on this machine, for a worker process that unpickles one of its classes."""
    record = Records(settings.home).get("approved", digest.hex)
    if record is None or settings.policy == "never":
        return None
    if settings.policy == "approved" and not record["by_digest"]:
        return None
    origin = Origin(**record["origin"])
    if origin.remote and settings.remote_code_disabled:
        return None
    files = Trees(settings.home).files(digest)
    if files is None:
        return None
    return ApprovedCode(CodeTree(files, record["entry"], origin), record["reason"], _SEAL)


def reason_for(request: CodeRequest, settings: Settings) -> str | None:
    """Why this code may run, in words; None where no rule lets it."""
    try:
        return _reason(request, settings)
    except NotTrusted:
        return None


def _reason(request: CodeRequest, settings: Settings) -> str:
    origin = request.tree.origin
    if settings.policy == "never":
        step = "Set GREMIO_POLICY=default."
        raise _refusal(request, "the policy is that no community code runs", step, final=True)
    if origin.remote and settings.remote_code_disabled:
        step = "Unset DIFFUSERS_DISABLE_REMOTE_CODE, or load a reviewed copy from a folder of yours."
        raise _refusal(request, "remote code is disabled here by DIFFUSERS_DISABLE_REMOTE_CODE", step, final=True)
    if request.by_digest:
        return request.grant.said
    approval = Approvals(settings).get(request.tree.digest)
    if approval:
        return str(approval)
    if settings.policy == "approved":
        raise _refusal(request, "the policy lets only approved digests run", _by_digest(request))
    if request.role == "named" and origin.source == "local":
        return "a path that the caller named"
    if request.role == "named" and origin.source == "mirror" and not request.granted:
        return _reviewed(request, settings)
    if request.granted:
        return "granted by trust_remote_code"
    raise _ungranted(request)


def _reviewed(request: CodeRequest, settings: Settings) -> str:
    """Diffusers' team has looked at its community folder; what could do grave things needs a person all the same."""
    grave = _grave(request.tree, settings)
    if not grave:
        return "Diffusers' own community folder"
    more = f" and {len(grave) - 3} more" if len(grave) > 3 else ""
    raise _refusal(
        request,
        f"its code could do what somebody has to look at first: {'; '.join(grave[:3])}{more}",
        f"Read it with `gremio review {_readable(request)}`, then `gremio approve {_approvable(request)}`, or pass"
        " trust_remote_code=True.",
    )


def _grave(tree: CodeTree, settings: Settings) -> list[str]:
    """The high findings of the review in words, kept by digest: a second load reads nothing again."""
    records, key = Records(settings.home), f"{fingerprint()} {tree.digest.hex}"
    known = records.get("grave", key)
    if known is None:
        found = [f"{plain(each.what)} ({each.file}:{each.line or 1})" for each in high(scan(tree))]
        known = {"findings": found}
        records.put("grave", key, known)
    return [str(each) for each in known["findings"]]


def _ungranted(request: CodeRequest) -> NotTrusted:
    origin = request.tree.origin
    step = f"Read it with `gremio show {_readable(request)}`, then pass trust_remote_code="
    if request.role == "named" or request.sole:
        step += "True"
    elif request.component:
        step += f"[{origin.repo!r}] to load_components"
    else:
        # True grants the other code that this call names, so this one has to be named too.
        step += f"[{origin.repo!r}, …] with each repository that may run"
    if origin.commit and origin.revision != origin.commit:
        step += f" and {request.pinned_by(origin.commit)}"
    needed = f" for the component {request.component}" if request.component else ""
    message = f"its code is needed{needed} and nobody allowed it to run"
    return _refusal(request, message, f"{step}. Exactly this code: trust_remote_code=['{request.tree.digest}'].")


def _readable(request: CodeRequest) -> str:
    """The ref that shows exactly the code in question."""
    tree = request.tree
    if tree.origin.source == "hub":
        return f"hub:{tree.origin.repo}@{tree.origin.commit}:{tree.entry}"
    return f"{tree.origin.repo}/{tree.entry}" if tree.origin.source == "local" else request.ref


def _approvable(request: CodeRequest) -> str:
    """The ref whose tree has this digest: of a local model all its code, not what one file of it reaches."""
    origin = request.tree.origin
    if origin.source == "local":
        return origin.repo if request.role == "found" else request.ref
    return _readable(request)


def _refusal(request: CodeRequest, message: str, step: str, *, final: bool = False) -> NotTrusted:
    tree = request.tree
    return NotTrusted(
        f"{message} ({tree.origin}, {tree.digest}, entry {tree.entry})",
        digest=str(tree.digest),
        code=None if final else tree,
        ref=request.ref,
        next_step=step,
    )


def _by_digest(request: CodeRequest) -> str:
    read = f"`gremio show {_readable(request)}`"
    approve = f"`gremio approve {_approvable(request)}`"
    return f"After reading it ({read}): {approve}, or pass trust_remote_code=['{request.tree.digest}']."


def _key(tree: CodeTree) -> str:
    """One memory per place and revision as it was asked for: a commit can't change, a branch may not silently."""
    origin = tree.origin
    return f"{origin.source} {origin.repo}@{origin.revision}:{origin.path}/{tree.entry}"


def _compare(request: CodeRequest, trees: Trees, records: Records, *, exact: bool) -> None:
    record = records.get("used", _key(request.tree))
    if record is None or record["digest"] == request.tree.digest.hex or exact:
        return
    before = Digest.parse(record["digest"])
    diff = Difference.between(trees.files(before) or {}, request.tree.files).diff
    raise CodeChanged(
        f"the code is not what it was when it was first used here on {record['first_used']}"
        f" (then {before}, now {request.tree.digest}, {request.tree.origin})\n{diff}",
        digest=str(request.tree.digest),
        diff=diff,
        ref=request.ref,
        next_step=f"If the change is fine: {_by_digest(request)}{_way_back(request, record)}",
    )


def _way_back(request: CodeRequest, record: dict[str, Any]) -> str:
    if request.tree.origin.source == "mirror":
        return " To stay with code that doesn't change, pass a version: custom_revision='v…'."
    return f" To stay with the old code, pass {request.pinned_by(record['commit'])}."


def _remember(request: CodeRequest, reason: str, records: Records, *, exact: bool) -> None:
    tree = request.tree
    today = datetime.now(UTC).date().isoformat()
    used = records.get("used", _key(tree))
    if used is None or used["digest"] != tree.digest.hex:
        records.put(
            "used",
            _key(tree),
            {"digest": tree.digest.hex, "commit": tree.origin.commit, "ref": request.ref, "first_used": today},
        )
    approved = records.get("approved", tree.digest.hex)
    # What was once approved from afar and now lies here, or was now approved by its digest, may do more.
    nearer = approved is not None and approved["origin"]["source"] != "local" and not tree.origin.remote
    if approved is None or nearer or (exact and not approved["by_digest"]):
        origin: dict[str, Any] = dict(vars(tree.origin))
        kept = exact or bool(approved and approved["by_digest"])
        document = {"origin": origin, "entry": tree.entry, "reason": reason, "by_digest": kept}
        records.put("approved", tree.digest.hex, document)
