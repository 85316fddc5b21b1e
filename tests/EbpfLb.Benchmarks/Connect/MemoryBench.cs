using System.Net;
using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Bpf;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;

namespace EbpfLb.Benchmarks.Connect;

/// <summary>Ways for a socket to remember its frontend (bpf/bench/memory.bpf.c), by what a whole life of a socket costs.</summary>
internal static class MemoryBench
{
    private const int Rounds = 25;
    private const string Vip = "10.96.0.80:80";

    private static readonly (string Name, string[] Programs)[] Ways =
    [
        ("no hook", []),
        ("empty hook", ["memory_empty"]),
        ("lookup and rewrite, no memory", ["memory_none"]),
        ("+ socket storage", ["memory_storage"]),
        ("+ LRU hash by cookie", ["memory_lru"]),
        ("+ hash by cookie, deleted at release", ["memory_hash", "memory_release"]),
    ];

    public static void Run(Report report, byte[] elf)
    {
        using var topology = NetnsTopology.Create();
        var node = topology.AddNode();
        using var bpf = BpfObject.Open(elf);
        bpf.Load();
        using (var services = bpf.OpenMap<ulong, LbAddr>("m_services"))
        {
            // user_ip4 above user_port, both in network order as the context has them.
            var key = (ulong)BitConverter.ToUInt32(IPAddress.Parse("10.96.0.80").GetAddressBytes()) << 32 | Be16.FromHost(80).Raw;
            var backend = new LbAddr { Port = Be16.FromHost(8080), Proto = 17 };
            IPAddress.Parse("::ffff:127.0.0.1").TryWriteBytes(MemoryMarshal.AsBytes(new Span<Be32x4>(ref backend.Addr)), out _);
            services.Update(key, backend);
        }
        var links = new List<BpfLink>();
        var probes = new List<NetProbe>();
        try
        {
            for (var i = 0; i < Ways.Length; i++)
            {
                var cgroup = node.Cgroup.Child($"way{i}").Path;
                foreach (var name in Ways[i].Programs)
                {
                    using var program = bpf.OpenProgram(name);
                    links.Add(BpfLink.AttachCgroup(program, cgroup,
                        name == "memory_release" ? AttachType.CgroupInetSockRelease : AttachType.CgroupInet4Connect));
                }
                probes.Add(NetProbe.Start(node.Place with { CgroupPath = cgroup }));
            }
            Measure(report, probes);
        }
        finally
        {
            probes.ForEach(p => p.Dispose());
            links.ForEach(l => l.Dispose());
        }
    }

    private static void Measure(Report report, List<NetProbe> probes)
    {
        var samples = Ways.Select(_ => (Life: new Samples(), Over: new Samples())).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            var ns = probes.Select((probe, i) =>
                double.Parse(probe.Do(
                    $"time-connect mode=udp to={(i < 2 ? "127.0.0.1:8080" : Vip)} batch=10000 rounds=3 life=1")["median-ns"])).ToArray();
            for (var i = 0; i < ns.Length; i++)
            {
                samples[i].Life.Add(ns[i]);
                samples[i].Over.Add(ns[i] - ns[2]);
            }
        }
        report.Title("Ways to remember a frontend: ns per socket()-connect()-close()",
            $"UDP, batches of 10,000, median [quartiles] of {Rounds} interleaved rounds.");
        report.Table(
            ["way", "ns", "over no memory", "of no memory"],
            Ways.Select((w, i) => (string[])
                [w.Name, samples[i].Life.Text(), samples[i].Over.Text(), samples[i].Life.Over(samples[2].Life).Text("0.00")]));
        report.Figure("memory.svg", "Ways for a socket to remember its frontend", RowPlot.Draw(
            "Ways for a UDP socket to remember its frontend", "ns a socket()-connect()-close()", [""],
            [.. Ways.Select((w, i) => (w.Name, (IReadOnlyList<double>)[samples[i].Life.Median]))], "0"));
    }
}
