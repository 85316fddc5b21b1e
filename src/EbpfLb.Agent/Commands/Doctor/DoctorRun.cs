using System.Text.Json;
using EbpfLb.Agent.Commands.Doctor.Checks;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;
using EbpfLb.Bpf;
using EbpfLb.Configuration;
using EbpfLb.Configuration.Output;
using EbpfLb.Netlink;

namespace EbpfLb.Agent.Commands.Doctor;

/// <summary>Runs all checks, one after the other. One that cannot look says so, and the others are carried out all the same.</summary>
internal sealed class DoctorRun(IInstanceFinder finder, TimeProvider time)
{
    private static readonly (string Name, Func<DoctorFacts, CancellationToken, Task<IEnumerable<CheckResult>>> Look)[] All =
    [
        Of("kernel.version", KernelChecks.Version),
        OfRoot("kernel.features", KernelChecks.Features),
        Of("rights.command", RightsChecks.OfCommand),
        Of("rights.agent", RightsChecks.OfAgent),
        Of("rights.memlock", RightsChecks.OfMemory),
        Of("mounts.bpffs", MountChecks.BpfFs),
        Of("mounts.cgroup2", MountChecks.CgroupRoot),
        OfRoot("hooks.sockets", HookChecks.OfSockets),
        OfRoot("hooks.others", HookChecks.OfOthers),
        OfRoot("devices.programs", DeviceChecks.OfPrograms),
        OfRoot("devices.others", DeviceChecks.OfOthers),
        Of("sysctl.forwarding", SysctlChecks.Forwarding),
        Of("sysctl.rp_filter", SysctlChecks.ReversePathFilter),
        Of("sysctl.conntrack", SysctlChecks.ConntrackTable),
        Of("ports.local", SysctlChecks.LocalPorts),
        Of("ports.nodeports", SysctlChecks.NodePortRange),
        OfRoot("ports.masquerade", RuleChecks.OfMasquerading),
        OfRoot("firewall.forward", FirewallChecks.OfForward),
        OfRoot("firewall.input", FirewallChecks.OfInput),
        OfRoot("firewall.services", FirewallChecks.OfGuards),
        OfRoot("ipsec.policies", IpsecChecks.OfPolicies),
        Of("kube-proxy.process", RuleChecks.OfProxyProcess),
        OfRoot("kube-proxy.rules", RuleChecks.OfProxy),
        OfRoot("instances.others", InstanceChecks.OfOthers),
        ("api.server", ApiServerChecks.AskAsync),
        OfRoot("agent.process", AgentChecks.OfProcess),
        Of("agent.ready", AgentChecks.OfState),
    ];

    public async Task<DoctorReport> ExamineAsync(DoctorRequest request, CancellationToken cancellationToken)
    {
        var (answer, unanswered) = await AskAgentAsync(request.Instance, cancellationToken);
        var (config, origin) = request.Choose(answer.Config);
        // What the agent has in force names files of its container.
        var container = DoctorRequest.IsOfAgent(origin) ? AgentContainer.Of(request.Instance) : null;
        using var facts = new DoctorFacts(
            request.Instance with { CgroupRoot = config.EbpfLb.CgroupRoot is { Length: > 0 } root ? container?.Path(root) ?? root : null },
            config, answer.Status, time)
        {
            Container = container, Services = answer.Services, Backends = answer.Backends,
        };
        List<CheckResult> results = [];
        foreach (var (name, look) in All) results.AddRange(await GuardedAsync(name, look, facts, cancellationToken));
        if (unanswered is not null) results.Add(CheckResult.NotKnown("agent.process", unanswered, Privileges.IsRoot ? null
            : "run as root"));
        return new DoctorReport(request.Instance.Name, VersionCommand.Version, origin, results);
    }

    private async Task<(Answer Answer, string? Problem)> AskAgentAsync(
        InstanceOptions instance, CancellationToken cancellationToken)
    {
        try
        {
            if (await finder.FindAsync(instance, cancellationToken) is not { } view) return (Answer.None, null);
            using var disposable = view as IDisposable;
            var config = await view.ConfigAsync(cancellationToken);
            var status = await view.StatusAsync(cancellationToken);
            return (new Answer(status, config is null ? null : ConfigJson.Read(config),
                await OrNotKnownAsync(status, () => view.ServicesAsync(ServiceQuery.All, cancellationToken)),
                await OrNotKnownAsync(status, () => view.BackendsAsync(ServiceQuery.All, cancellationToken))), null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or HttpRequestException or JsonException or BpfException
            or ConfigException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return (Answer.None, $"the instance cannot be asked: {e.Message}");
        }
    }

    /// <summary>null: only an agent that has read its source knows.</summary>
    private static async Task<T?> OrNotKnownAsync<T>(StatusReport status, Func<Task<T>> ask) where T : class
    {
        if (status.Origin != Origin.Agent) return null;
        try
        {
            return await ask();
        }
        catch (NotKnownYetException)
        {
            return null;
        }
    }

    private sealed record Answer(StatusReport? Status, LoadedConfig? Config, ServicesReport? Services, BackendsReport? Backends)
    {
        public static Answer None { get; } = new(null, null, null, null);
    }

    private static async Task<IEnumerable<CheckResult>> GuardedAsync(
        string name, Func<DoctorFacts, CancellationToken, Task<IEnumerable<CheckResult>>> look, DoctorFacts facts,
        CancellationToken cancellationToken)
    {
        try
        {
            return [.. await look(facts, cancellationToken)];
        }
        catch (Exception e) when (e is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            var isRefused = e is UnauthorizedAccessException || e is BpfException { Errno: Errno.EPERM or Errno.EACCES }
                || e is NetlinkException { Errno: NetlinkErrno.EPERM };
            return [CheckResult.NotKnown(name, $"it cannot be looked at: {e.Message}", isRefused && !Privileges.IsRoot ? "run as root"
                : null)];
        }
    }

    private static (string, Func<DoctorFacts, CancellationToken, Task<IEnumerable<CheckResult>>>) Of(
        string name, Func<DoctorFacts, IEnumerable<CheckResult>> look) => (name, (facts, _) => Task.FromResult(look(facts)));

    /// <summary>For others all of it would look as if nothing were there.</summary>
    private static (string, Func<DoctorFacts, CancellationToken, Task<IEnumerable<CheckResult>>>) OfRoot(
        string name, Func<DoctorFacts, IEnumerable<CheckResult>> look) => Of(name, facts => Privileges.IsRoot ? look(facts)
            : [CheckResult.NotKnown(name, "only root may look", "run as root")]);
}
