using EbpfLb.Bpf;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Attach;

namespace EbpfLb.Agent.Commands.Doctor.Checks;

/// <summary>Programs at the sockets of a cgroup: ours, and those of others.</summary>
internal static class HookChecks
{
    private const string Sockets = "hooks.sockets", Company = "hooks.others";
    private const string Start = "start the agent (`systemctl start ebpflb`, or the DaemonSet's pod of this node)";

    public static IEnumerable<CheckResult> OfSockets(DoctorFacts facts)
    {
        var links = Inventory.Links(facts.Kernel).ToDictionary(l => l.Pin, StringComparer.Ordinal);
        if (links.Count == 0)
            return [facts.IsAgentAlive
                ? CheckResult.Problem(Sockets, "the agent runs and has no hook in force", "`ebpflb status` says what it waits for")
                : CheckResult.Warning(Sockets, $"instance '{facts.Start.Instance.Name}' has no hook in force: it balances nothing", Start)];
        if (RootOf(facts) is not { } root) return [CheckResult.NotKnown(Sockets, "no cgroup2 is mounted here", "run it on the host")];
        var expected = CgroupFileSystem.IdOf(root);
        List<CheckResult> found = [];
        foreach (var hook in SocketHook.All)
        {
            if (!links.TryGetValue(hook.LinkName, out var link))
                found.Add(CheckResult.Problem(Sockets, $"{hook.LinkName} has no link", $"`ebpflb verify` puts it back; without an agent: "
                    + $"{Start}"));
            else if (Fault(hook, link.Info, root, expected) is { } fault)
                found.Add(CheckResult.Problem(Sockets, $"{hook.LinkName} {fault}",
                    $"`ebpflb verify` puts it back; if it is meant to be elsewhere, name that cgroup as the agent has it. Without an "
                        + $"agent: {Start}"));
        }
        return found.Count > 0 ? found : [CheckResult.Ok(Sockets, $"all {SocketHook.All.Count} hooks are at {root}")];
    }

    public static IEnumerable<CheckResult> OfOthers(DoctorFacts facts)
    {
        if (RootOf(facts) is not { } root) return [CheckResult.NotKnown(Company, "no cgroup2 is mounted here", "run it on the host")];
        var own = facts.ProgramsOfInstance;
        var others = SocketHook.All
            .SelectMany(hook => CgroupFileSystem.ProgramIds(root, hook.Type).Except(own).Select(id => (hook.LinkName, Id: id)))
            .GroupBy(p => p.Id).Select(g => (Name: DoctorFacts.NameOf(g.Key), Hooks: string.Join(", ", g.Select(p
                => p.LinkName)))).ToList();
        return others.Count == 0 ? [CheckResult.Ok(Company, $"no other program is at these hooks of {root}")]
            : others.Select(o => Judge(o.Name, o.Hooks, root));
    }

    /// <param name="name">As the kernel has it, with its id.</param>
    public static CheckResult Judge(string name, string hooks, string root)
    {
        if (name.StartsWith("cil_", StringComparison.Ordinal))
            return CheckResult.Problem(Company, $"{name} of Cilium translates the same connections, at {hooks} of {root}",
                "switch Cilium's replacement of kube-proxy and its socketLB off");
        // Names of src/core/bpf/socket_bind in systemd's source: they look at the port alone.
        if (name.StartsWith("sd_bind", StringComparison.Ordinal))
            return CheckResult.Ok(Company, $"{name} at {hooks} of {root} is systemd's and refuses ports only (SocketBindDeny= of a slice)");
        return name.StartsWith("lb_", StringComparison.Ordinal)
            ? CheckResult.Problem(Company, $"{name} of another instance is at {hooks} of {root}: connections are translated by both",
                "remove the instance that is not meant to be there (instances.others names them): `ebpflb cleanup`")
            : CheckResult.Warning(Company, $"{name} is at {hooks} of {root} too: if it changes addresses, connections do not go where they "
                + $"should",
                "`bpftool cgroup tree` shows whose it is; ask whoever put it there what it does");
    }

    private static string? Fault(SocketHook hook, LinkInfo info, string root, ulong expected)
    {
        if (info.CgroupId == 0) return "is at a cgroup that was removed, or was taken off";
        if (info.CgroupId != expected) return $"is at another cgroup (id {info.CgroupId}) than {root} (id {expected})";
        return CgroupFileSystem.ProgramIds(root, hook.Type).Contains(info.ProgramId) ? null : $"does not run at {root}";
    }

    private static string? RootOf(DoctorFacts facts) => facts.Start.Instance.CgroupRoot ?? CgroupFileSystem.Find();
}
