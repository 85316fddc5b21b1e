using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Datapath.Ownership;

/// <summary>
/// Instances at the sockets of a cgroup whose pins lie in another BPF file system than an instance's: an agent that was started with
/// another one makes its own programs, and those of before stay in force in front of them, with tables that nobody changes any more.
/// </summary>
public static class OtherPlaces
{
    private static readonly SocketHook Hook = SocketHook.All.Single(h => h.Program == "lb_connect4");

    /// <param name="cgroup">Directory; the cgroups above it count too.</param>
    /// <returns>Where their pins are; those of one file system under the first of its mount points.</returns>
    /// <exception cref="BpfException">The programs of the cgroup, or pins, cannot be read.</exception>
    public static IReadOnlyList<InstancePaths> InForce(DatapathOptions options, string cgroup)
    {
        var programs = CgroupFileSystem.ProgramIds(cgroup, Hook.Type).ToHashSet();
        if (Places.Find(options) is not { } ours) return [];
        // Mounted at several places it is still the same one.
        var here = PinnedAt(ours.BpfFs).Select(found => found.Program).ToHashSet();
        programs.ExceptWith(here);
        if (programs.Count == 0) return [];
        return
        [
            .. Mount.ReadAll().Where(m => m.Type == "bpf").Select(m => m.Point).Distinct().SelectMany(PinnedAt)
                .Where(found => programs.Contains(found.Program)).DistinctBy(found => found.Program).Select(found => found.Paths),
        ];
    }

    private static IEnumerable<(uint Program, InstancePaths Paths)> PinnedAt(string bpffs)
    {
        var product = new InstancePaths(bpffs, "").Product;
        if (!Directory.Exists(product)) yield break;
        foreach (var directory in Directory.GetDirectories(product))
        {
            var paths = new InstancePaths(bpffs, Path.GetFileName(directory));
            if (ProgramOf(paths.Link(Hook.LinkName)) is { } program) yield return (program, paths);
        }
    }

    private static uint? ProgramOf(string pin)
    {
        if (!Pin.Exists(pin)) return null;
        try
        {
            using var link = BpfLink.OpenPinned(pin);
            return link.Info.ProgramId;
        }
        catch (BpfException e) when (e.Errno == Errno.ENOENT)
        {
            // Removed meanwhile.
            return null;
        }
    }
}
