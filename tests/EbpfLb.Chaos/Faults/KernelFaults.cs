using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Chaos.Faults;

/// <summary>Others take away what the agent made, and maps become full.</summary>
internal static class KernelFaults
{
    public static IReadOnlyList<Fault> All { get; } =
        [
            new("pins", Pins), new("pins-and-agent", PinsAndAgent) { MayLose = true }, new("links", Links), new("qdiscs", Qdiscs),
            new("entries", Entries), new("maps-full", Full),
        ];

    private static void RemovePins(Bed bed, Random random)
    {
        var chosen = random.Next(1, 4);
        foreach (var kind in ((string[])["maps", "links"]).Where((_, i) => (chosen & (1 << i)) != 0))
        {
            foreach (var pin in Directory.GetFiles(Path.Combine(Instance(bed), kind)).Where(_ => random.Next(3) > 0)) File.Delete(pin);
        }
    }

    private static string Instance(Bed bed) => BpfFs.InstancePath(bed.Agent.Instance);

    /// <summary>
    /// Some pins while no agent holds what they name: of maps nothing is left for the next one then, of links their programs end. What
    /// flows and sockets were remembered in is lost with them.
    /// </summary>
    private static void PinsAndAgent(Bed bed, Random random, bool isShort)
    {
        bed.Agent.Kill();
        RemovePins(bed, random);
        bed.Objects.Change(random, 10);
        bed.Agent.Launch();
        bed.Agent.WaitUntilReady();
    }

    /// <summary>Some pins, which the agent makes again of what it holds.</summary>
    private static void Pins(Bed bed, Random random, bool isShort)
    {
        for (var i = 0; i < (isShort ? 1 : 8); i++)
        {
            RemovePins(bed, random);
            bed.Objects.Change(random, 10);
            bed.Settle();
        }
    }

    private static void Links(Bed bed, Random random, bool isShort)
    {
        for (var i = 0; i < (isShort ? 1 : 8); i++)
        {
            foreach (var pin in Directory.GetFiles(Path.Combine(Instance(bed), "links")).Where(_ => random.Next(3) == 0))
            {
                using var link = BpfLink.OpenPinned(pin);
                link.Detach();
            }
            bed.Objects.Change(random, 10);
            bed.Settle();
        }
    }

    /// <summary>For tc.</summary>
    public static IReadOnlyList<string> RandomDeletion(Random random) => random.Next(2) == 0 ? ["qdisc", "del", "dev", "eth0", "clsact"]
        : ["filter", "del", "dev", "eth0", random.Next(2) == 0 ? "ingress" : "egress"];

    private static void Qdiscs(Bed bed, Random random, bool isShort)
    {
        for (var i = 0; i < (isShort ? 2 : 20); i++)
        {
            // What the one before took away may not be back yet.
            ChildProcess.Run(bed.Node.Place, [RepositoryPaths.Tool("tc"), .. RandomDeletion(random)]);
            bed.Objects.Change(random, 3);
        }
    }

    /// <summary>Entries of any service are deleted or overwritten.</summary>
    private static void Entries(Bed bed, Random random, bool isShort)
    {
        for (var i = 0; i < (isShort ? 1 : 8); i++)
        {
            using var services4 = BpfMap.OpenPinned<LbFrontend4, LbService>(Path.Combine(Instance(bed), "maps", "lb_services4"));
            using var services6 = BpfMap.OpenPinned<LbFrontend6, LbService>(Path.Combine(Instance(bed), "maps", "lb_services6"));
            using var backends = BpfMap.OpenPinned<uint, LbBackend>(Path.Combine(Instance(bed), "maps", "lb_backends"));
            foreach (var key in services4.Keys().Where(_ => random.Next(3) == 0)) services4.Delete(key);
            foreach (var key in services6.Keys().Where(_ => random.Next(3) == 0)) services6.Update(key, default);
            for (var id = 1u; id < 40; id++)
            {
                if (random.Next(3) > 0) continue;
                backends.Update(id, new LbBackend { ServiceId = (uint)random.Next(1000), Port = Be16.FromHost(1) });
            }
            bed.Objects.Change(random, 5);
            bed.Settle();
        }
    }

    /// <summary>A service that does not fit; the others go on changing, and then it goes.</summary>
    private static void Full(Bed bed, Random random, bool isShort)
    {
        for (var i = 0; i < (isShort ? 1 : 5); i++)
        {
            bed.Objects.PutGreedy(Bed.MostBackends);
            bed.Agent.LogLine("--max-backends");
            bed.Objects.Change(random, 20);
            bed.Objects.DeleteGreedy();
        }
    }
}
