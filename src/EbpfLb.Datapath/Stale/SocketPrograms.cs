using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Loading;
using EbpfLb.Datapath.Options;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath.Stale;

/// <summary>The iterators over sockets. Never pinned: without an agent nobody reads them.</summary>
internal sealed class SocketPrograms : IDisposable
{
    private readonly BpfLink? find;

    private SocketPrograms(BpfLink? find, ISocketEnder ender, string? problem)
    {
        this.find = find;
        Ender = ender;
        Problem = problem;
    }

    /// <summary>Why nothing is found; null: it is.</summary>
    public string? Problem { get; }

    public ISocketEnder Ender { get; }

    /// <summary>Loads what this kernel takes; without iterators the agent goes on.</summary>
    public static SocketPrograms Load(MapSet maps, DatapathOptions options, ILogger logger)
    {
        try
        {
            using var bpf = Open("find.bpf.o", maps, logger);
            using var program = bpf.OpenProgram("lb_find");
            using var sockets = maps.Take(Abi.Tables.Sock);
            return new SocketPrograms(BpfLink.AttachIterator(program, sockets), LoadEnder(maps, options, logger), null);
        }
        catch (BpfException e)
        {
            return new SocketPrograms(null, new NetlinkEnder(), e.Message);
        }
    }

    /// <summary>All sockets that we connected and whose backend is gone, by the ids that they remember.</summary>
    public IReadOnlyList<LbStaleSock> Find() => find is null ? [] : BpfIterator.ReadAll<LbStaleSock>(find);

    public void Dispose()
    {
        Ender.Dispose();
        find?.Dispose();
    }

    private static ISocketEnder LoadEnder(MapSet maps, DatapathOptions options, ILogger logger)
    {
        if (options.SocketEnding == SocketEnding.Netlink) return new NetlinkEnder();
        try
        {
            using var bpf = Open("end.bpf.o", maps, logger);
            using var udp = bpf.OpenProgram("lb_end_udp");
            using var tcp = bpf.OpenProgram("lb_end_tcp");
            return new IteratorEnder(bpf.OpenMap<ulong, uint>("lb_doomed"), BpfLink.AttachIterator(udp), BpfLink.AttachIterator(tcp));
        }
        catch (BpfException e)
        {
            Log.NoSockDestroy(logger, e.Message);
            return new NetlinkEnder();
        }
    }

    private static BpfObject Open(string resource, MapSet maps, ILogger logger)
    {
        using var elf = typeof(SocketPrograms).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"the assembly was built without {resource}: run make build");
        var bpf = BpfObject.Open(elf, new ObjectOpenOptions(resource, (_, line) => Log.LibBpf(logger, line)));
        try
        {
            foreach (var map in bpf.Maps.Values)
                if (maps.All.TryGetValue(map.Name, out var ours)) map.Reuse(ours);
            bpf.Load();
            return bpf;
        }
        catch
        {
            bpf.Dispose();
            throw;
        }
    }
}
