using EbpfLb.Agent.Clients;
using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Nodes;
using EbpfLb.Agent.Options;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Canary;
using EbpfLb.Datapath.Clients;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Events;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Ownership;
using EbpfLb.Datapath.StaleSockets;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using EbpfLb.Planning.Apply;
using EbpfLb.Planning.Verification;
using EbpfLb.Policy;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Kernel;

/// <summary>The dataplane in the kernel.</summary>
internal sealed class KernelDataplane :
    IDataplane, IServiceTables, IHooks, INodeKernel, IClientKernel, IConntrack, IDiagnostics
{
    private readonly Datapath.Dataplane dataplane;

    private readonly IReadOnlyList<KernelFeature> probed;

    private KernelDataplane(Datapath.Dataplane dataplane, IReadOnlyList<KernelFeature> probed)
    {
        this.dataplane = dataplane;
        this.probed = probed;
    }

    public IReadOnlyList<KernelFeature> Features => [.. probed, .. dataplane.Stale.Features];

    public IReadOnlyList<AttachedHook> Attached => dataplane.Hooks;

    public IReadOnlyList<string> PlaceProblems { get; private init; } = [];

    public INodeKernel Node => this;

    public IClientKernel Clients => this;

    public IServiceTables Services => this;

    public IHooks Hooks => this;

    public IConntrack Conntrack => this;

    public IDiagnostics Diagnostics => this;

    public string? Lost => dataplane.Lost;

    /// <param name="ownership">Held for as long as this is written to; null: the caller sees to it.</param>
    /// <exception cref="StartException">The kernel refuses, or libbpf is not installed.</exception>
    public static KernelDataplane Open(StartOptions options, InstanceOwnership? ownership, ILoggerFactory loggers)
    {
        if (options.Instance.CgroupRoot is { } cgroup && !Directory.Exists(cgroup))
            throw new StartException(
                $"{OptionNames.CgroupRoot} {cgroup} is no directory: make it, or leave the option out for the root of the cgroup2 mount");
        return Explained(() =>
        {
            if (Privileges.Missing() is { } rights) throw new StartException(rights);
            var features = KernelFeatures.Probe();
            if (features is [{ Name: KernelFeatures.BpfSyscall, IsAvailable: false } missing]) throw new StartException(missing.Reason);
            var dataplane = Datapath.Dataplane.Open(KernelOptions.Of(options) with { Ownership = ownership }, loggers);
            return new KernelDataplane(dataplane, features)
            {
                PlaceProblems = PrivateBpfFs.Problems(ownership, options, loggers.CreateLogger<KernelDataplane>()),
            };
        });
    }

    /// <exception cref="StartException">In place of what the kernel or the machine threw.</exception>
    public static T Explained<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (DllNotFoundException e)
        {
            throw new StartException("libbpf.so.1 (1.1 or newer) is not there: install the package libbpf1", e);
        }
        catch (Exception e) when (e is BpfException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            throw new StartException(e.Message, e);
        }
    }

    public ApplyOutcome Apply(ForwardingTable table)
    {
        var result = dataplane.Apply(table).Result;
        return new ApplyOutcome(result.Counts.Total,
        [
            .. result.Failures.Select(f => new ObjectFailure(f.Service, f.Message) { Table = f.Table, Error = f.Error, Reason = f.Reason }),
            .. result.LeftOut.Select(d => new ObjectFailure(d.Service, d.Message) { Table = d.Table, Reason = d.Reason }),
        ]) { LostBackends = result.LostBackends, OpenedFrontends = result.OpenedFrontends };
    }

    public void Attach() => dataplane.Attach();

    public void Repair() => dataplane.Repair();

    public IReadOnlyList<Difference> FindFaults() => dataplane.FindFaults();

    public IReadOnlyDictionary<string, long> ReadRepairs()
        => dataplane.Repairs.ToDictionary(r => SnakeCase.Of(r.Key.ToString()), r => r.Value);

    public ITableVerification NewVerification() => dataplane.NewVerification();

    public NodeResult ApplyNode(NodeState state) => dataplane.ApplyNode(state);

    public NodeResult ApplyClients(IReadOnlyDictionary<ulong, ClientAddresses?> clients) => dataplane.ApplyClients(clients);

    public int SweepAffinity() => dataplane.SweepAffinity();

    public IReadOnlyList<AttachedDevice> AttachDevices(IReadOnlyList<DeviceDecision> decisions) => dataplane.AttachDevices(decisions);

    public IReadOnlyList<AttachedDevice> Devices => dataplane.Devices;

    public CanaryResult CheckCanary() => LoopbackFamilies.Usable()
        .Select(dataplane.CheckCanary)
        .FirstOrDefault(canary => !canary.Ok, CanaryResult.Good);

    public IReadOnlyList<MapReading> ReadMaps() => [.. dataplane.ReadFill().Select(f => new MapReading(f.Map, f.Used, f.Capacity))];

    public RetireStatus Retiring => dataplane.Retiring;

    public IReadOnlyList<ReasonCount> ReadReasons() => dataplane.ReadReasons();

    public IReadOnlyList<IFlowMap> FlowMaps => dataplane.FlowMaps.All;

    public void RebuildFilter() => dataplane.RebuildFilter();

    public IStaleState Stale => dataplane.Stale;

    public IEventSource OpenEvents() => dataplane.OpenEvents();

    public ServicePortKey? FindServicePort(uint id) => dataplane.Mirror.PortOf(id);

    public uint? FindServiceId(ServicePortKey port) => dataplane.Mirror.IdOf(port);

    public IReadOnlyDictionary<ServicePortKey, PortCounters> ReadCounters(IEnumerable<ServicePortKey> ports)
    {
        var counters = new Dictionary<ServicePortKey, PortCounters>();
        foreach (var port in ports)
        {
            if (dataplane.ReadServiceCounters(port) is { } read) counters[port] = CountersOf(read.Id, read.Counters);
        }
        return counters;
    }

    public IReadOnlyList<BackendCounters> ReadBackends(ServicePortKey port) => dataplane.ReadBackends(port);

    public ValueTask DisposeAsync() => dataplane.DisposeAsync();

    private static PortCounters CountersOf(uint id, ServiceCounters c) => new(id, c.Connections, c.Active, c.Datagrams, c.Refused);
}
