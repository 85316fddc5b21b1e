using EbpfLb.Bpf;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Datapath;

/// <summary>What an instance has pinned, as the kernel describes it, with or without an agent. Changes nothing.</summary>
public static class Inventory
{
    /// <summary>Links at sockets and devices, with the programs that they run, by the names of their pins.</summary>
    /// <exception cref="BpfException">They may not be read.</exception>
    public static IReadOnlyList<PinnedLink> Links(DatapathOptions options) => Read(options, paths => paths.Links, pin =>
    {
        using var link = BpfLink.OpenPinned(pin);
        var info = link.Info;
        return new PinnedLink(Path.GetFileName(pin), info, ProgramOf(info.ProgramId));
    });

    /// <summary>Maps, by the names of their pins.</summary>
    /// <exception cref="BpfException">They may not be read.</exception>
    public static IReadOnlyList<MapInfo> Maps(DatapathOptions options) => Read(options, paths => paths.Maps, pin =>
    {
        using var map = BpfMap.OpenPinned(pin);
        return map.Info;
    });

    /// <summary>Programs at clsact, which are pinned themselves, by the names of their pins.</summary>
    /// <exception cref="BpfException">They may not be read.</exception>
    public static IReadOnlyList<(string Pin, ProgramInfo Info)> Filters(DatapathOptions options)
        => Read(options, paths => paths.Filters, pin =>
        {
            using var program = BpfProgram.OpenPinned(pin);
            return (Path.GetFileName(pin), program.Info);
        });

    /// <summary>A program by its id, whoever's it is; null: it is gone.</summary>
    /// <exception cref="BpfException">It may not be read.</exception>
    public static ProgramInfo? ProgramOf(uint id)
    {
        try
        {
            using var program = BpfProgram.OpenId(id);
            return program.Info;
        }
        catch (BpfException e) when (e.Errno == Errno.ENOENT)
        {
            return null;
        }
    }

    /// <summary>
    /// Ids of the links, whoever's they are, by which a program is at XDP of a device of this index, in any network namespace; empty: it
    /// was put there without a link.
    /// </summary>
    /// <exception cref="BpfException">They may not be read.</exception>
    public static IReadOnlyList<uint> XdpLinksOf(uint program, int device)
        => [.. BpfLink.Ids().Where(id => LinkOf(id) is { Type: LinkType.Xdp } link
            && link.ProgramId == program && link.InterfaceIndex == device)];

    /// <summary>null: it is gone.</summary>
    private static LinkInfo? LinkOf(uint id)
    {
        try
        {
            using var link = BpfLink.OpenId(id);
            return link.Info;
        }
        // EAGAIN: it is just being made.
        catch (BpfException e) when (e.Errno is Errno.ENOENT or Errno.EAGAIN)
        {
            return null;
        }
    }

    private static IReadOnlyList<T> Read<T>(DatapathOptions options, Func<InstancePaths, string> directory, Func<string, T> read)
    {
        if (Instances.PathsOf(options) is not { } paths || !Directory.Exists(directory(paths))) return [];
        return [.. Directory.GetFiles(directory(paths)).Order(StringComparer.Ordinal).Select(read)];
    }
}

/// <param name="Pin">"connect4", "tcx-2-in".</param>
/// <param name="Program">null: it ended while it was looked at.</param>
public sealed record PinnedLink(string Pin, LinkInfo Info, ProgramInfo? Program);
