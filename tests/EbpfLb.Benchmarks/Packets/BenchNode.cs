using System.Net;
using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Datapath.Tests.Packets.Truth;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Benchmarks.Packets;

/// <summary>The programs of bpf/bench/packets.bpf.c on a node with so many services, and open flows of both families.</summary>
internal sealed class BenchNode : IDisposable
{
    private const int HeadLength = 96;
    private const int Tcp = 6;
    private const int MaglevPlaces = 2039;
    private static readonly string[] Names = ["b_in", "b_out", "b_new", "b_restore", "b_empty"];

    /// <summary>Of bpf/bench/xdp.bpf.c.</summary>
    private static readonly string[] XdpNames = ["b_xdp", "b_xdp_restore", "b_xdp_tunnel"];

    private readonly PacketProgram node;
    private readonly BpfMap<uint, BenchPacket> packets;
    private readonly Dictionary<string, BpfProgram> programs;
    private readonly BpfObject front;
    private readonly List<BpfLink> links;

    /// <param name="traffic">Count packets and bytes of service ports and backends.</param>
    public BenchNode(int services, bool traffic = false)
        : this(2 * (uint)services + 1024, LbTunnel.None, traffic)
    {
        foreach (var family in Enum.GetValues<Family>()) Fill(family, services);
        var settings = node.Settings;
        node.Settings = settings with { SnatPortFirst = 61000, SnatPortLast = 61000 };
        foreach (var family in Enum.GetValues<Family>())
            PacketCase.OpenFlows(Ends.Of(family), (program, device, packet) => Run(program, device, packet, repeat: 1));
        node.Settings = settings;
    }

    /// <summary>With tunnels, an open flow in one, and a service whose flows need no entries.</summary>
    public static BenchNode WithTunnels()
    {
        var bench = new BenchNode(1024, LbTunnel.Ipip);
        var (node, at) = (bench.node, Ends.Of(Family.IPv4));
        node.Settings = node.Settings with { Node4 = AbiAddress.To4(at.Node) };
        var cluster = new ClusterBuilder().Node("here", addresses: [at.Node.ToString()]).Other("there", at.RemotePod.ToString());
        foreach (var (name, address, scheduler) in new[]
        {
            ("tracked", at.ExternalIp, Scheduler.Random), ("untracked", at.Vip, Scheduler.Maglev),
        })
        {
            cluster.Service(name, [$"10.96.0.{(byte)scheduler + 1}"], [":80"], externalIPs: [address.ToString()], scheduler: scheduler,
                maglevTableSize: scheduler == Scheduler.Maglev ? MaglevPlaces : 0);
            cluster.Slice(name, name, [":8080"], [$"{at.RemotePod} node=there"]);
        }
        CompiledTables.Fill(node, ForwardingCompiler.Compile(cluster.Build(), new PolicyOptions
        {
            NodeName = "here", Tunnels = true, Forwarding = Forwarding.Dsr,
        }, previous: null));
        PacketCase.OpenTunnel(at, (program, device, packet) => bench.Run(program, device, packet, repeat: 1));
        return bench;
    }

    /// <summary>With the services of a table, and no flow.</summary>
    public BenchNode(ForwardingTable table)
        : this(16_384, LbTunnel.None)
        => CompiledTables.Fill(node, table);

    private BenchNode(uint room, LbTunnel tunnel, bool traffic = false)
    {
        node = new PacketProgram(Path.Combine("bench", "packets.bpf.o"), Names, bpf =>
        {
            foreach (var table in new Table[]
                     {
                         Tables.Services4, Tables.Services6, Tables.Slots, Tables.Backends, Tables.Load, Tables.Maglev, Tables.Turns,
                     })
                bpf.Map(table.Name).MaxEntries = room;
            SetKnobs(bpf);
            bpf.Map(Tables.Traffic.Name).MaxEntries = traffic ? 2 * room * (uint)PossibleCpus.Numbers() : 1;
            bpf.Map(Tables.SvcStats.Name).MaxEntries = room * (uint)PossibleCpus.Numbers();
            foreach (var table in new Table[] { Tables.Conntrack4, Tables.Conntrack6 }) bpf.Map(table.Name).MaxEntries = 1 << 17;
        });
        packets = node.Object.OpenMap<uint, BenchPacket>("b_packet");
        programs = Names.ToDictionary(name => name, node.Object.OpenProgram);
        front = BpfObject.Open(File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "build", "bpf", "bench", "xdp.bpf.o")));
        SetKnobs(front);
        // All but its constants.
        foreach (var map in front.Maps.Values.Where(map => !map.Name.Contains('.') && node.Object.Maps.ContainsKey(map.Name)))
        {
            using var shared = node.Object.OpenMap(map.Name);
            map.Reuse(shared);
        }
        front.Load();
        foreach (var name in XdpNames) programs.Add(name, front.OpenProgram(name));
        links = FrontOfStack.Attach(programs[XdpNames[0]], node.Netns);

        void SetKnobs(BpfObject bpf)
        {
            bpf.Knobs.Set("cfg_services", room);
            bpf.Knobs.Set("cfg_backends", room);
            bpf.Knobs.Set("cfg_traffic", traffic ? (byte)1 : (byte)0);
            bpf.Knobs.Set("cfg_tunnel", (byte)tunnel);
        }
    }

    /// <summary>Nanoseconds per packet.</summary>
    public double Measure(PacketCase what, Family family, int repeat)
    {
        var result = Run(what.Program, what.Device, what.Packet(Ends.Of(family)), repeat);
        // Where a tick ended while it ran.
        for (var i = 0; i < 3 && (Verdict)(int)result.ReturnValue != what.Expected && XdpNames.Contains(what.Program); i++)
            result = Run(what.Program, what.Device, what.Packet(Ends.Of(family)), repeat);
        if ((Verdict)(int)result.ReturnValue != what.Expected)
            throw new InvalidOperationException($"{what.Meaning}: the verdict is {(Verdict)(int)result.ReturnValue}, not "
                + $"{what.Expected}; counters: {string.Join(", ", node.Counts())}");
        return result.DurationNanoseconds;
    }

    public void Dispose()
    {
        foreach (var link in links) link.Dispose();
        foreach (var program in programs.Values) program.Dispose();
        front.Dispose();
        packets.Dispose();
        node.Dispose();
    }

    private TestRunResult Run(string program, Device device, PacketBuilder packet, int repeat)
    {
        var bytes = packet.Build();
        var head = default(BenchPacket);
        bytes.AsSpan(0, HeadLength).CopyTo(MemoryMarshal.AsBytes(new Span<BenchPacket>(ref head)));
        head.PortAt = (uint)PacketReader.Read(bytes).Ip.Transport;
        head.Port = 1024;
        packets.Update(0, head);
        var isXdp = XdpNames.Contains(program);
        // The first packet of a tick is for tc.
        if (isXdp) TestRun("b_in", 1, new SkbContext(device.Index).ToBytes());
        return TestRun(
            program, repeat, isXdp ? new XdpContext(bytes.Length, device.Index).ToBytes() : new SkbContext(device.Index).ToBytes());

        TestRunResult TestRun(string name, int times, byte[] context) => node.Netns.Run(() => programs[name].TestRun(new TestRunRequest
        {
            Data = bytes, DataOutCapacity = 4096, Context = context, Repeat = times,
        }));
    }

    private void Fill(Family family, int services)
    {
        var at = Ends.Of(family);
        node.Serve(new ServiceSpec(Tcp, new FrontendSpec(at.ExternalIp, 80, LbServiceFlag.External))
        {
            Backends = [new BackendSpec(at.RemotePod, 8080)],
        });
        node.Serve(new ServiceSpec(Tcp, new FrontendSpec(at.Vip, 80, LbServiceFlag.External | LbServiceFlag.LbVip))
        {
            Backends = [new BackendSpec(at.LocalPod, 8080, OnThisNode: true)],
        });
        for (var i = 2; i < services; i++)
        {
            var address = IPAddress.Parse(family == Family.IPv4 ? $"10.97.{i >> 8}.{i & 255}" : $"fd00:97::{i:x}");
            node.Serve(new ServiceSpec(Tcp, new FrontendSpec(address, 80)) { Backends = [] });
        }
    }

    /// <summary>struct bench_packet.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 104)]
    private struct BenchPacket
    {
        [FieldOffset(96)] public uint PortAt;
        [FieldOffset(100)] public uint Port;
    }
}
