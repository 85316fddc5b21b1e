using EbpfLb.Model;
using EbpfLb.Planning.Apply;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Inspection;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Plans;
using EbpfLb.Planning.Tables;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Tables;

namespace EbpfLb.Planning.Tests;

/// <summary>A cluster, a kernel in memory and the three stages between them; one step is compile, plan, apply.</summary>
/// <param name="direct">Services are answered directly, by tunnels.</param>
/// <param name="closing">The other ports of ClusterIPs are refused; without it tables are shorter to read.</param>
internal sealed class Lab(
    TableLimits? limits = null, IFaults? faults = null, TableLimits? kernelLimits = null, bool closing = false, bool direct = false)
{
    private PlanApplier? applier;

    public TableLimits Limits { get; } = limits ?? Small;

    private PolicyOptions Options { get; } = PolicyOptions.Default with
    {
        NodeName = "node-1", RefuseUnknownPorts = closing, Tunnels = direct, Forwarding = direct ? Forwarding.Dsr : Forwarding.Snat,
    };

    /// <summary>Small enough to read, with room for ids that faults keep from being retired.</summary>
    public static TableLimits Small { get; } = new()
    {
        MaxServices = 256, MaxBackends = 1024, MaxSlots = 2048, MaxFrontends4 = 64, MaxFrontends6 = 64, MaxRanges4 = 64, MaxRanges6 = 64,
    };

    public ClusterBuilder Cluster { get; } = new();

    public MemoryKernel Kernel { get; } = new(kernelLimits ?? limits ?? Small);

    public Mirror Mirror { get; private set; } = new(limits ?? Small);

    public ForwardingTable? Table { get; private set; }

    /// <summary>Batches that were not retired yet.</summary>
    public List<RetireBatch> Waiting { get; } = [];

    public PlanApplier Applier => applier ??= new PlanApplier(faults is null ? Kernel.Tables : Kernel.WithFaults(faults), Mirror);

    public ForwardingTable Compile() => Table = ForwardingCompiler.Compile(Cluster.Build(), Options, Table);

    public Plan Plan() => Planner.Plan(Compile(), Mirror);

    /// <summary>Compile, plan and apply; nothing is retired.</summary>
    public ApplyResult Step()
    {
        var result = Applier.Apply(Plan());
        if (!result.Retired.IsEmpty) Waiting.Add(result.Retired);
        return result;
    }

    /// <summary>The grace period of everything that waits is over.</summary>
    public void Retire()
    {
        var batches = Waiting.ToArray();
        Waiting.Clear();
        foreach (var batch in batches)
        {
            if (Applier.Retire(batch) is { IsEmpty: false } left) Waiting.Add(left);
        }
    }

    /// <summary>The agent dies, and another one finds the tables.</summary>
    public void Restart()
    {
        Waiting.Clear();
        Table = null;
        Mirror = MirrorLoader.Load(Kernel.Content, Limits);
        applier = null;
    }

    /// <summary>The tables as lines "frontend [affinity n] -> backends", without the canary.</summary>
    public string[] Lines() => KernelReader.Frontends(Kernel.Content)
        .Where(f => f.Key.TryGetFrontend(out var frontend) && frontend != Canary.FrontendV4 && frontend != Canary.FrontendV6)
        .Select(Line)
        .ToArray();

    /// <summary>Every entry is one that a program can follow.</summary>
    public void AssertSafe()
    {
        foreach (var frontend in KernelReader.Frontends(Kernel.Content))
            Assert.True(frontend.Problem is null, $"{frontend.Key}: {frontend.Problem}");
    }

    /// <summary>The tables do what the forwarding table says, and hold nothing else that a program could reach.</summary>
    public void AssertKernelIsTable()
    {
        AssertSafe();
        var ports = Table!.Services.SelectMany(s => s.Ports).ToList();
        var expected = ports.SelectMany(p => p.Frontends.Select(f => Line(f, p)))
            .Concat(ports.Select(p => p.ClosedFrontend).OfType<Frontend>().Select(f => $"{f} -> refuse"));
        var actual = KernelReader.Frontends(Kernel.Content).Select(Line);
        Assert.Equal(expected.Order(StringComparer.Ordinal), actual.Order(StringComparer.Ordinal));
    }

    /// <summary>
    /// An address that is newly closed has all of its frontends already, so that nobody is refused what is about to be served.
    /// </summary>
    public void AssertClosedLast(ForwardingTable before)
    {
        var present = KernelReader.Frontends(Kernel.Content).Select(f => f.Key).ToHashSet();
        foreach (var service in Table!.Services)
        {
            foreach (var closed in service.Ports.Select(p => p.ClosedFrontend).OfType<Frontend>())
            {
                if (before.OwnerOf(closed) is not null || !present.Contains(FrontendKey.From(closed))) continue;
                var own = service.Ports.SelectMany(p => p.Frontends).Select(f => f.Frontend).Where(f => f.Address == closed.Address);
                Assert.All(own, f => Assert.Contains(FrontendKey.From(f), present));
            }
        }
    }

    /// <summary>
    /// No backend is taken but those in lists and those that keep what they have; what the mirror counts is what the tables hold.
    /// </summary>
    public void AssertNothingIsLeftOver()
    {
        var frontends = KernelReader.Frontends(Kernel.Content);
        var listed = frontends.SelectMany(f => f.Backends.Concat(f.LocalBackends)).Select(b => b.Id).ToHashSet();
        var all = KernelReader.Backends(Kernel.Content);
        Assert.Subset(all.Select(b => b.Id).ToHashSet(), listed);
        var keepers = all.Where(b => !listed.Contains(b.Id)).ToList();
        Assert.All(keepers, b => Assert.True(b.Lists.HasFlag(BackendLists.Keeps), $"backend {b.Id} is in no list and keeps nothing"));
        Assert.Equal(KeepersOf(Table!).Order(), keepers.Select(b => b.Address).Order());
        Assert.Equal(all.Length, Mirror.BackendsInUse);
        Assert.Equal(frontends.Select(f => f.ServiceId).Distinct().Count(), Mirror.ServicesInUse);
        Assert.Equal(
            frontends.SelectMany(f => new[] { f.Slots, f.LocalSlots }).Where(s => s.Count > 0).Distinct().Sum(s
                => (int)(s.Count + 3) / 4 * 4), Mirror.SlotsInUse);
        var restricted = frontends.Where(f => f.Sources is not null).Select(f => f.ServiceId).ToHashSet();
        Assert.All(Kernel.Content.SourceRanges.ToArray(), k => Assert.Contains(k.ServiceId, restricted));
        Assert.Equal(
            (Kernel.SourceRanges4.Entries.Count, Kernel.SourceRanges6.Entries.Count), (Mirror.SourceRanges4, Mirror.SourceRanges6));
        Assert.Equal(Kernel.Services4.Entries.Count, Mirror.Frontends4);
        Assert.Equal(Kernel.Services6.Entries.Count, Mirror.Frontends6);
    }

    private static IEnumerable<BackendAddress> KeepersOf(ForwardingTable table)
        => table.Services.SelectMany(s => s.Ports).SelectMany(p => p.Backends).Where(b
            => b.Lists.HasFlag(BackendLists.Keeps)).Select(b => b.Address);

    private static string Line(KernelFrontend frontend) => Line(
            frontend.Key.ToString(), frontend.Kind, frontend.LocalPolicy, frontend.HasRemoteEndpoints, frontend.AffinitySeconds,
            frontend.Backends.Select(b => b.Address), frontend.LocalBackends.Select(b => b.Address),
            frontend.Sources?.Select(r => r.ToString()))
        + (frontend.Problem is null ? "" : " PROBLEM " + frontend.Problem);

    private static string Line(ServedFrontend frontend, CompiledPort port) => Line(
        frontend.Frontend.ToString(), frontend.Kind, frontend.LocalPolicy, frontend.LocalPolicy && port.HasRemoteEndpoints,
        port.AffinitySeconds,
        port.Backends.Where(b => b.Lists.HasFlag(BackendLists.InCluster)).Select(b => b.Address),
        port.Backends.Where(b => b.Lists.HasFlag(BackendLists.InLocal)).Select(b => b.Address),
        frontend.Kind == FrontendKind.LoadBalancer && !port.Ranges.IsEmpty ? port.Ranges.Select(r => r.ToString()) : null);

    private static string Line(
        string frontend, FrontendKind kind, bool localPolicy, bool elsewhere, uint affinity,
        IEnumerable<BackendAddress> cluster, IEnumerable<BackendAddress> local, IEnumerable<string>? sources)
    {
        var what = kind == FrontendKind.ClusterIP ? "" : $" {kind}";
        if (localPolicy) what += elsewhere ? " Local, else drop" : " Local";
        if (affinity != 0) what += $" affinity {affinity}";
        var backends = string.Join(' ', cluster);
        if (backends.Length == 0) backends = "refuse";
        var locals = string.Join(' ', local);
        if (locals.Length > 0) backends += $" | {locals}";
        return $"{frontend}{what} -> {backends}{(sources is null ? "" : $" from {string.Join(' ', sources)}")}";
    }
}
