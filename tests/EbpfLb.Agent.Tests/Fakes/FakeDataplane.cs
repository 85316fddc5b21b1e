using System.Threading.Channels;
using EbpfLb.Abi;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Nodes;
using EbpfLb.Bpf;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Canary;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Events;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Repair;
using EbpfLb.Datapath.Services;
using EbpfLb.Datapath.StaleSockets;
using EbpfLb.Datapath.Tests.Flows;
using EbpfLb.Model;
using EbpfLb.Planning.Apply;
using EbpfLb.Planning.Verification;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Tests.Fakes;

/// <summary>A dataplane without a kernel: it remembers what it was asked for and fails when it is told to.</summary>
internal sealed class FakeDataplane : IDataplane, IServiceTables, IHooks, INodeKernel, IConntrack, IDiagnostics
{
    private readonly Channel<ForwardingTable> applied = Channel.CreateUnbounded<ForwardingTable>();

    /// <summary>Decides what a call of Apply answers; it may block or throw.</summary>
    public Func<ForwardingTable, ApplyOutcome> OnApply { get; set; } = _ => new ApplyOutcome(1, []);

    public Action OnAttach { get; set; } = () => { };

    public CanaryResult Canary { get; set; } = new(true, null);

    public int Attached { get; private set; }

    public int Applies { get; private set; }

    /// <summary>The table of the last call of Apply.</summary>
    public ForwardingTable? LastApplied { get; private set; }

    public bool IsDisposed { get; private set; }

    public IServiceTables Services => this;

    public IHooks Hooks => this;

    public INodeKernel Node => this;

    public IConntrack Conntrack => this;

    public IDiagnostics Diagnostics => this;

    public IReadOnlyList<KernelFeature> Features => [.. Probed, .. StaleParts.Features];

    public IReadOnlyList<KernelFeature> Probed { get; set; } = [
        new("cgroup_link", true, "", "links"), new("tcx", false, "EINVAL", "tc programs as links")];

    IReadOnlyList<AttachedHook> IHooks.Attached => Programs;

    public string? Lost { get; set; }

    public Dictionary<ServicePortKey, PortCounters> Counters { get; } = [];

    public Dictionary<ServicePortKey, IReadOnlyList<BackendCounters>> Backends { get; } = [];

    public IReadOnlyList<BackendCounters> ReadBackends(ServicePortKey port) => Backends.GetValueOrDefault(port, []);

    /// <summary>The table of the next call of Apply that has ended, in order.</summary>
    public async Task<ForwardingTable> NextAppliedAsync() => await applied.Reader.ReadAsync(TestContext.Current.CancellationToken);

    public ApplyOutcome Apply(ForwardingTable table)
    {
        Applies++;
        try
        {
            return OnApply(table);
        }
        finally
        {
            LastApplied = table;
            applied.Writer.TryWrite(table);
        }
    }

    public void Attach()
    {
        OnAttach();
        Attached++;
    }

    private IReadOnlyList<AttachedHook> Programs
        => Attached > 0 ? [new("connect4", "/sys/fs/cgroup", 7, 41, "attached")] : [];

    public Action OnRepair { get; set; } = () => { };

    public int Repaired { get; private set; }

    public void Repair()
    {
        Repaired++;
        OnRepair();
    }

    public IReadOnlyDictionary<RepairKind, long> ReadRepairs() => new Dictionary<RepairKind, long> { [RepairKind.Link] = 0 };

    public CanaryResult CheckCanary() => Canary;

    /// <summary>What is not in force; it may throw.</summary>
    public Func<IReadOnlyList<Difference>> Faults { get; set; } = () => [];

    /// <summary>How often it was looked for what is not in force.</summary>
    public int Looks { get; private set; }

    public IReadOnlyList<Difference> FindFaults()
    {
        Looks++;
        return Faults();
    }

    public FakeVerification Verification { get; } = new();

    public ITableVerification NewVerification() => Verification;

    /// <summary>What it was told of the node last.</summary>
    public NodeState? NodeState { get; private set; }

    public IReadOnlyList<AttachedDevice> Devices => [];

    public NodeResult ApplyNode(NodeState state)
    {
        NodeState = state;
        return new NodeResult(1, 0, []);
    }

    public IReadOnlyList<AttachedDevice> AttachDevices(IReadOnlyList<DeviceDecision> decisions) => [];

    public IReadOnlyList<MapFill> ReadMaps() => [new("lb_services4", 3, 1000)];

    public RetireStatus Retiring { get; set; } = RetireStatus.Good;

    public IReadOnlyList<ReasonCount> Reasons { get; set; } = [new(LbReason.SockTranslated, 7, 0)];

    private int reasonLookups;

    /// <summary>Elements of the counters that were looked up.</summary>
    public int ReasonLookups => Volatile.Read(ref reasonLookups);

    public IReadOnlyList<ReasonCount> ReadReasons()
    {
        Interlocked.Add(ref reasonLookups, Enum.GetValues<LbReason>().Length);
        return Reasons;
    }

    public ReasonCount ReadReason(LbReason reason)
    {
        Interlocked.Increment(ref reasonLookups);
        return Reasons.FirstOrDefault(r => r.Reason == reason);
    }

    public MemoryFlowMap Flows4 { get; } = new(IpFamily.IPv4, 1000);

    public MemoryFlowMap Flows6 { get; } = new(IpFamily.IPv6, 1000);

    public IReadOnlyList<IFlowMap> FlowMaps => [Flows4, Flows6];

    public Action OnRebuildFilter { get; set; } = () => { };

    public void RebuildFilter() => OnRebuildFilter();

    public FakeStale StaleParts { get; } = new();

    public IStaleState Stale => StaleParts;

    public FakeEvents Events { get; } = new();

    public Func<IEventSource>? OnOpenEvents { get; set; }

    public IEventSource OpenEvents() => OnOpenEvents?.Invoke() ?? Events;

    public FakeTraces Traces { get; } = new();

    public ITraceSource OpenTraces() => Traces;

    public ServicePortKey? FindServicePort(uint id)
        => Counters.Where(c => c.Value.Id == id).Select(c => (ServicePortKey?)c.Key).FirstOrDefault();

    public uint? FindServiceId(ServicePortKey port) => Counters.GetValueOrDefault(port)?.Id;

    public int SweepAffinity() => 0;

    public IReadOnlyDictionary<ServicePortKey, PortCounters> ReadCounters(IEnumerable<ServicePortKey> ports)
        => new Dictionary<ServicePortKey, PortCounters>(Counters);

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }
}
