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
    private readonly BpfLink? stray;

    private SocketPrograms(BpfLink? find, BpfLink? stray, ISocketEnder ender, string? problem)
    {
        this.find = find;
        this.stray = stray;
        Ender = ender;
        Problem = problem;
    }

    /// <summary>Why nothing is found; null: it is.</summary>
    public string? Problem { get; }

    public ISocketEnder Ender { get; }

    /// <summary>Loads what this kernel takes; without iterators the agent goes on.</summary>
    /// <param name="cgroup">That the hooks are attached to.</param>
    public static SocketPrograms Load(MapSet maps, string cgroup, DatapathOptions options, ILogger logger)
    {
        try
        {
            using var bpf = Open("find.bpf.o", maps, logger);
            using var program = bpf.OpenProgram("lb_find");
            using var sockets = maps.Take(Abi.Tables.Sock);
            return new SocketPrograms(BpfLink.AttachIterator(program, sockets), LoadStray(maps, cgroup, logger), LoadEnder(maps, options, logger), null);
        }
        catch (BpfException e)
        {
            return new SocketPrograms(null, null, new NetlinkEnder(), e.Message);
        }
    }

    /// <summary>All sockets that we connected and whose backend is gone, by the ids that they remember.</summary>
    public IReadOnlyList<LbStaleSock> Find() => find is null ? [] : BpfIterator.ReadAll<LbStaleSock>(find);

    /// <summary>Those of the network namespace that the calling thread is in that were connected to a frontend before it was one.</summary>
    public IReadOnlyList<LbStaleSock> FindStrays() => stray is null ? [] : BpfIterator.ReadAll<LbStaleSock>(stray);

    public void Dispose()
    {
        Ender.Dispose();
        stray?.Dispose();
        find?.Dispose();
    }

    private static BpfLink? LoadStray(MapSet maps, string cgroup, ILogger logger)
    {
        try
        {
            using var bpf = Open("stray.bpf.o", maps, logger, o => o.Knobs.Set("cfg_cgroup", AbiBytes.Of(CgroupFileSystem.IdOf(cgroup))));
            using var program = bpf.OpenProgram("lb_stray_udp");
            return BpfLink.AttachIterator(program);
        }
        catch (BpfException e)
        {
            Log.NoStrays(logger, e.Message);
            return null;
        }
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

    private static BpfObject Open(string resource, MapSet maps, ILogger logger, Action<BpfObject>? configure = null)
    {
        using var elf = typeof(SocketPrograms).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"the assembly was built without {resource}: run make build");
        var bpf = BpfObject.Open(elf, new ObjectOpenOptions(resource, (_, line) => Log.LibBpf(logger, line)));
        try
        {
            foreach (var map in bpf.Maps.Values)
                if (maps.All.TryGetValue(map.Name, out var ours)) map.Reuse(ours);
            configure?.Invoke(bpf);
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
