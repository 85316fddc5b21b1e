using EbpfLb.Datapath.Node;
using System.Net;
using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Datapath.Tests.Packets.Harness;

/// <summary>
/// The tc programs of the built object with maps of their own, on the node of <see cref="PacketLab"/>. One for a test class
/// (loading costs the verifier's time); <see cref="Reset"/> before each test.
/// </summary>
internal sealed class PacketProgram : IDisposable
{
    /// <summary>BPF_F_TEST_SKB_CHECKSUM_COMPLETE: the kernel takes a sum of the packet, as devices do, and fails the run (EBADMSG) when
    /// that is untrue afterwards.</summary>
    private const uint ChecksumComplete = 1 << 2;

    private readonly ScratchNetns netns = PacketLab.CreateNetns();
    private readonly BpfObject bpf;
    private readonly BpfProgram ingress;
    private readonly BpfProgram egress;
    private uint lastServiceId;
    private uint lastBackendId;
    private uint nextSlot;

    public PacketProgram()
        : this(_ => { })
    {
    }

    /// <param name="configure">Map sizes.</param>
    public PacketProgram(Action<BpfObject> configure)
        : this("ebpflb.bpf.o", ["lb_in", "lb_out", FrontOfStack.Program], configure)
    {
    }

    /// <param name="path">Of the object, below build/bpf.</param>
    /// <param name="programs">Those that are loaded; the first two are the ingress and egress hook.</param>
    /// <param name="configure">Map sizes.</param>
    public PacketProgram(string path, IReadOnlyList<string> programs, Action<BpfObject> configure)
    {
        bpf = BpfObject.Open(File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "build", "bpf", path)));
        foreach (var program in bpf.Programs.Values) program.AutoLoad = programs.Contains(program.Name);
        configure(bpf);
        var services = bpf.Knobs.Get<uint>("cfg_services");
        bpf.Load();
        ingress = bpf.OpenProgram(programs[0]);
        egress = bpf.OpenProgram(programs[1]);
        Tables = new PacketTables(bpf, (int)services);
        if (programs.Contains(FrontOfStack.Program)) Front = new FrontOfStack(bpf, Tables, netns);
        Reset();
    }

    /// <summary>What else the object has.</summary>
    public BpfObject Object => bpf;

    public PacketTables Tables { get; }

    /// <summary>null: the object has no such program.</summary>
    public FrontOfStack? Front { get; }

    /// <summary>It sees first what comes in.</summary>
    public bool HasFront { get; set; }

    public ScratchNetns Netns => netns;

    /// <summary>Those that are VLANs to XDP, on <see cref="PacketLab.Pods"/>; for <see cref="Reset"/>.</summary>
    public IReadOnlyList<Device> Vlans { get; set; } = [];

    public LbSettings Settings
    {
        get => Tables.Settings.Lookup(0);
        set => Tables.Settings.Update(0, value);
    }

    /// <summary>
    /// Nothing but the node itself: its devices and addresses, NodePorts 30000-32767, SNAT ports 61000-64999, pods by prefix.
    /// </summary>
    public void Reset()
    {
        Tables.Clear();
        lastServiceId = 0;
        lastBackendId = 0;
        nextSlot = 0;
        foreach (var device in PacketLab.Devices)
        {
            Tables.Devices.Update((uint)device.Index, new LbDevice
            {
                Snat4 = AbiAddress.To4(device.Address(Family.IPv4)),
                Snat6 = AbiAddress.To16(device.Address(Family.IPv6)),
                Flags = (uint)(device.Flags | LbDeviceFlag.Xdp | LbDeviceFlag.XdpSend),
                Mac = U8x6.FromBytes(LinkHeader.Default.Destination.GetAddressBytes()),
            });
            Tables.PutNodeAddress(device.Address(Family.IPv4), LbNodeAddrFlag.NodePort);
            Tables.PutNodeAddress(device.Address(Family.IPv6), LbNodeAddrFlag.NodePort);
        }
        Front?.Tagged.Clear();
        foreach (var vlan in Vlans) PutVlan(vlan);
        var settings = new LbSettings
        {
            Flags = (uint)(LbSetting.SetPods4 | LbSetting.SetPods6 | LbSetting.SetEvents),
            CtPending = Tables.CtPending.Info.MaxEntries,
            NodePortFirst = 30000,
            NodePortLast = 32767,
            SnatPortFirst = 61000,
            SnatPortLast = 64999,
        };
        for (var i = 0; i < NodeSettings.MostPodRanges; i++) AbiAddress.SetPods(ref settings, i, "10.244.0.0/16", "fd00:244::/32");
        Settings = settings;
    }

    /// <summary>Makes a device a VLAN, numbered as the device, on <see cref="PacketLab.Pods"/>.</summary>
    public void PutVlan(Device device)
    {
        var key = new LbVlan { Lower = (uint)PacketLab.Pods.Index, Vlan = Be16.FromHost((ushort)device.Index) };
        Tables.Vlans.Update(key, (uint)device.Index);
        var value = Tables.Devices.Lookup((uint)device.Index);
        Tables.Devices.Update((uint)device.Index, value with { Lower = key.Lower, Vlan = key.Vlan });
        Front?.Tagged.Add(device.Index);
    }

    /// <summary>Writes a service: backends, lists, then each frontend.</summary>
    public ServedService Serve(ServiceSpec spec) => Write(++lastServiceId, spec);

    /// <summary>As the planner leaves a backend that went: in no list, its id not given away yet.</summary>
    public void Retire(ServedService service, int index) =>
        PutBackend(service.BackendId(index), service.Id, service.Spec.Protocol, service.Spec.Backends[index], default);

    /// <summary>The service has these backends from now on; they get new ids.</summary>
    public ServedService Replace(ServedService service, params BackendSpec[] backends)
    {
        for (var i = 0; i < service.Spec.Backends.Length; i++) Retire(service, i);
        return Write(service.Id, service.Spec with { Backends = backends });
    }

    /// <summary>What no frontend of the address names is refused, as the planner does for ClusterIPs.</summary>
    public void Close(IPAddress address, ServedService service) =>
        PutFrontend(0, new FrontendSpec(address, 0), new LbService { Id = service.Id, Flags = (uint)LbServiceFlag.Unknown });

    public PacketResult Ingress(byte[] packet, Device? device = null)
        => Run(ingress, packet, new SkbContext((device ?? PacketLab.Wan).Index));

    public PacketResult Egress(byte[] packet, Device? device = null)
        => Run(egress, packet, new SkbContext((device ?? PacketLab.Wan).Index));

    /// <param name="hook">Which entry.</param>
    /// <param name="packet">With an Ethernet header.</param>
    /// <param name="context">Where.</param>
    /// <param name="repeat">Runs over the same packet: what the first left is what the second meets.</param>
    /// <param name="checksumComplete">Let the kernel keep a sum of the packet; off where the program makes a packet of its own.</param>
    public PacketResult Run(LbCtHook hook, byte[] packet, SkbContext context, int repeat = 1, bool checksumComplete = false) =>
        Run(hook == LbCtHook.Ingress ? ingress : egress, packet, context, repeat, checksumComplete);

    /// <summary>Runs <paramref name="work"/> on two threads at once; each gets a way to run packets at the first uplink.</summary>
    public T[] OnTwoThreads<T>(Func<Func<byte[], PacketResult>, T> work)
    {
        var results = new T[2];
        var context = new SkbContext(PacketLab.Wan.Index);
        var threads = Enumerable.Range(0, 2).Select(i => new Thread(() => NetnsThread.Run(netns.Path, () =>
        {
            results[i] = work(packet => RunHere(ingress, packet, context, 1, checksumComplete: false));
        }))).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        return results;
    }

    /// <summary>Runs packets of two kinds side by side, those of a pair as nearly at once as two CPUs can.</summary>
    public void Race(
        IReadOnlyList<((LbCtHook Hook, byte[] Packet, Device Device) One, (LbCtHook Hook, byte[] Packet, Device Device) Other)> pairs)
    {
        var arrived = new int[pairs.Count];
        var threads = Enumerable.Range(0, 2).Select(side => new Thread(() => NetnsThread.Run(netns.Path, () =>
        {
            for (var i = 0; i < pairs.Count; i++)
            {
                var (hook, packet, device) = side == 0 ? pairs[i].One : pairs[i].Other;
                Interlocked.Increment(ref arrived[i]);
                // Who came first waits; where there is one CPU, not without success.
                var spin = default(SpinWait);
                while (Volatile.Read(ref arrived[i]) < 2) spin.SpinOnce(sleep1Threshold: -1);
                RunHere(hook == LbCtHook.Ingress ? ingress : egress, packet, new SkbContext(device.Index), 1, checksumComplete: false);
            }
        }))).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
    }

    public ulong Count(LbReason reason) => Sum(reason).Count;

    public ulong Bytes(LbReason reason) => Sum(reason).Bytes;

    /// <summary>Every counter that is not zero, but of who sent the packet.</summary>
    public Dictionary<LbReason, ulong> Counts() =>
        Enum.GetValues<LbReason>().Where(r => r is not (LbReason.Max or LbReason.PktXdp)).Distinct()
            .Select(r => (r, Count(r))).Where(p => p.Item2 > 0).ToDictionary(p => p.r, p => p.Item2);

    public List<LbEvent> Events()
    {
        List<LbEvent> events = [];
        Tables.Events.Drain(record => events.Add(MemoryMarshal.Read<LbEvent>(record)));
        return events;
    }

    public void Dispose()
    {
        Front?.Dispose();
        Tables.Dispose();
        ingress.Dispose();
        egress.Dispose();
        bpf.Dispose();
        netns.Dispose();
    }

    private PacketResult Run(BpfProgram program, byte[] packet, SkbContext context, int repeat = 1, bool checksumComplete = false) =>
        netns.Run(() =>
        {
            return HasFront && program == ingress && repeat == 1 && context.GsoSize == 0
                ? Front!.Run(packet, context.Ifindex, ByTc)
                : ByTc();

            PacketResult ByTc() => RunHere(program, packet, context, repeat, checksumComplete);
        });

    private static PacketResult RunHere(BpfProgram program, byte[] packet, SkbContext context, int repeat, bool checksumComplete)
    {
        var result = program.TestRun(new TestRunRequest
        {
            Data = packet,
            DataOutCapacity = 16384,
            Context = context.ToBytes(),
            Repeat = repeat,
            Flags = checksumComplete ? ChecksumComplete : 0,
        });
        return new PacketResult((Verdict)(int)result.ReturnValue, result.Data);
    }

    private ServedService Write(uint id, ServiceSpec spec)
    {
        var served = new ServedService(id, spec, lastBackendId + 1);
        foreach (var backend in spec.Backends) PutBackend(++lastBackendId, served.Id, spec.Protocol, backend, backend.Lists);
        var cluster = PutList(served, LbBackendFlag.InCluster);
        var local = PutList(served, LbBackendFlag.InLocal);
        foreach (var range in spec.Ranges) Tables.PutRange(served.Id, IPNetwork.Parse(range));
        foreach (var frontend in spec.Frontends)
        {
            var flags = spec.Flags | frontend.Kind;
            if (spec.AffinitySeconds > 0) flags |= LbServiceFlag.Affinity;
            if (spec.Ranges.Length > 0) flags |= LbServiceFlag.Ranges;
            PutFrontend(spec.Protocol, frontend, new LbService
            {
                Id = served.Id,
                Flags = (uint)flags,
                AffinitySec = spec.AffinitySeconds,
                Cluster = cluster,
                Local = local,
            });
        }
        return served;
    }

    private LbStat Sum(LbReason reason)
    {
        var values = new LbStat[Tables.Stats.CpuCount];
        Tables.Stats.TryLookup((uint)reason, values);
        return values.Aggregate(default(LbStat), (sum, v) => new LbStat { Count = sum.Count + v.Count, Bytes = sum.Bytes + v.Bytes });
    }

    private void PutBackend(uint id, uint serviceId, byte protocol, BackendSpec backend, LbBackendFlag lists) =>
        Tables.Backends.Update(id, new LbBackend
        {
            Addr = AbiAddress.To16(backend.Address),
            Port = Be16.FromHost((ushort)backend.Port),
            Proto = protocol,
            Family = (byte)(AbiAddress.Is6(backend.Address) ? 6 : 4),
            ServiceId = serviceId,
            Flags = (uint)(lists | (backend.OnThisNode ? LbBackendFlag.Local : default)),
            Node = backend.Node is { } node ? AbiAddress.To16(node) : default,
        });

    private LbRange PutList(ServedService service, LbBackendFlag list)
    {
        var range = new LbRange { First = nextSlot };
        for (var i = 0; i < service.Spec.Backends.Length; i++)
        {
            var backend = service.Spec.Backends[i];
            if (!backend.Lists.HasFlag(list) || (list == LbBackendFlag.InLocal && !backend.OnThisNode)) continue;
            Tables.Slots.Update(nextSlot++, new LbSlot { BackendId = service.BackendId(i), ServiceId = service.Id });
            range.Count++;
        }
        return range;
    }

    private void PutFrontend(byte protocol, FrontendSpec frontend, LbService value)
    {
        var port = Be16.FromHost((ushort)frontend.Port);
        if (AbiAddress.Is6(frontend.Address))
        {
            var key = new LbFrontend6 { Addr = AbiAddress.To16(frontend.Address), Port = port, Proto = protocol };
            Tables.Services6.Update(key, ServiceCodec.Sealed(FrontendKey.From(key), value));
        }
        else
        {
            var key = new LbFrontend4 { Addr = AbiAddress.To4(frontend.Address), Port = port, Proto = protocol };
            Tables.Services4.Update(key, ServiceCodec.Sealed(FrontendKey.From(key), value));
        }
        Tables.DestinationFilter.Open(IpAddress.From(frontend.Address));
    }
}
