using System.Net;
using System.Net.Sockets;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Options;
using EbpfLb.Netlink.Network;
using EbpfLb.Netlink.TrafficControl;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Datapath.Tests.Attach;

/// <summary>
/// A namespace with a veth pair, left and right: a datagram sent leaves by left and comes in by right. The programs are those
/// of bpf/unit/devices.unit.bpf.c, which count who met a packet.
/// </summary>
internal sealed class DeviceLab : IDisposable
{
    public const string Left = "left";
    public const string Right = "right";
    public const int In = 0;
    public const int Out = 1;
    public const int Other = 4;

    private readonly NetnsTopology topology = NetnsTopology.Create();
    private readonly TestInstance instance = new();
    private readonly NodeNetns node;
    private readonly List<BpfObject> objects = [];
    private readonly List<IDisposable> opened = [];
    private ulong received;

    public DeviceLab()
    {
        node = topology.AddNode("tc");
        // Nothing but what a test sends.
        Run(() => File.WriteAllText("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1"));
        node.Configure(
            "link add left address 02:00:00:00:00:01 type veth peer name right address 02:00:00:00:00:02",
            "link set left up",
            "link set right up",
            "addr add 192.0.2.1/24 dev left",
            "neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev left nud permanent");
        Paths = new InstancePaths(BpfFs.MountPoint, instance.Options.Instance);
        Programs = NewPrograms();
    }

    public InstancePaths Paths { get; }

    public ProcessPlace Place => node.Place;

    public DatapathOptions Options => instance.Options;

    /// <summary>By the names of the programs that they stand for.</summary>
    public Dictionary<string, BpfProgram> Programs { get; private set; }

    public void Configure(params string[] commands) => node.Configure(commands);

    public T Run<T>(Func<T> work) => NetnsThread.Run(node.Place.NetnsPath!, work);

    public void Run(Action work) => NetnsThread.Run(node.Place.NetnsPath!, work);

    public T Keep<T>(T disposable)
        where T : IDisposable
    {
        opened.Add(disposable);
        return disposable;
    }

    /// <summary>Other programs of the same names, as the next version of an agent brings them.</summary>
    public Dictionary<string, BpfProgram> NewPrograms()
    {
        var bpf = BpfObject.Open(File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "build", "bpf", "unit", "devices.unit.bpf.o")));
        objects.Add(bpf);
        bpf.Load();
        return Programs = bpf.Programs.Keys.ToDictionary(name => $"lb_{name[2..]}", name => Keep(bpf.OpenProgram(name)));
    }

    /// <summary>The agent's program at XDP, for itself or as that of somebody else.</summary>
    public BpfProgram NewXdp()
    {
        var bpf = Keep(BpfObject.Open(File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "build", "bpf", "ebpflb.bpf.o"))));
        foreach (var other in bpf.Programs.Values) other.AutoLoad = other.Name == "lb_xdp";
        bpf.Load();
        return Keep(bpf.OpenProgram("lb_xdp"));
    }

    public DeviceAttacher NewAttacher(TcAttachMode mode) => Keep(DeviceAttacher.Create(mode, Paths));

    /// <summary>Has an attacher put programs at the devices of these names, and only there.</summary>
    public IReadOnlyList<AttachedDevice> Attach(DeviceAttacher attacher, params string[] devices)
        => Run(() => attacher.Attach(Decide(devices), name => Programs[name]));

    public static IReadOnlyList<DeviceDecision> Decide(params string[] devices)
    {
        using var reader = NetworkReader.Open();
        var named = devices.Length == 0 ? ["none"] : devices;
        return DeviceSelector.Select(reader.Read(), new DeviceOptions([.. named.Select(NamePattern.Parse)], [], []));
    }

    public int IndexOf(string device) => Run(() =>
    {
        using var reader = NetworkReader.Open();
        return reader.ReadLinks().Single(l => l.Name == device).Index;
    });

    /// <summary>How many packets a program of the newest set meets while one datagram crosses.</summary>
    public (ulong Out, ulong In, ulong Other) Send()
    {
        using var counts = objects[^1].OpenMap<uint, ulong>("t_seen");
        foreach (var who in (uint[])[In, Out, Other]) counts.Update(who, 0);
        Run(() =>
        {
            using var sender = new UdpClient(AddressFamily.InterNetwork);
            sender.Send([1], new IPEndPoint(IPAddress.Parse("192.0.2.2"), 9));
        });
        // A veth hands packets over in a softirq of the sender or right after it.
        Eventually.True(() => ReceivedByRight() > 0, "the datagram to arrive");
        return (counts.Lookup(Out), counts.Lookup(In), counts.Lookup(Other));
    }

    /// <summary>Everything at one direction of a device, whoever put it there, in the order in which it runs.</summary>
    public uint[] ProgramsAt(string device, TcDirection direction)
    {
        var index = IndexOf(device);
        return Run(() =>
        {
            using var clsact = ClsactClient.Open();
            return (uint[])[.. BpfLink.TcxProgramIds(index, direction == TcDirection.Ingress),
                .. clsact.Filters(index, direction).Select(f => f.ProgramId)];
        });
    }

    public bool HasClsact(string device)
    {
        var index = IndexOf(device);
        return Run(() =>
        {
            using var clsact = ClsactClient.Open();
            return clsact.Find(index) is not null;
        });
    }

    public string[] Pins() => [.. new[] { Paths.Links, Paths.Filters }.Where(Directory.Exists).SelectMany(Directory.GetFiles)
        .Select(p => Path.GetFileName(p)!).Order()];

    public void Dispose()
    {
        Run(() => Instances.Remove(Options));
        foreach (var disposable in opened) disposable.Dispose();
        foreach (var bpf in objects) bpf.Dispose();
        instance.Dispose();
        topology.Dispose();
    }

    private ulong ReceivedByRight()
    {
        var now = Run(()
            => File.ReadLines("/proc/thread-self/net/dev").Single(l => l.TrimStart().StartsWith("right:", StringComparison.Ordinal)))
            .Split([':', ' '], StringSplitOptions.RemoveEmptyEntries);
        var before = received;
        received = ulong.Parse(now[2]);
        return received - before;
    }
}
