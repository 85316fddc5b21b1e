using EbpfLb.Bpf;
using EbpfLb.Datapath.Options;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Attach;

/// <summary>
/// Puts the socket programs at their cgroup. A pinned link keeps its place and gets the new program atomically, so no
/// connection is missed while agents come and go; a link whose cgroup is gone is made anew.
/// </summary>
internal sealed class SocketAttacher(InstancePaths paths, string cgroup) : IDisposable
{
    private readonly Dictionary<string, BpfLink> links = [];
    private readonly Lock sync = new();

    /// <summary>Attaches what is missing and replaces what is not ours yet. May be called again at any time.</summary>
    /// <exception cref="BpfException">The kernel refused one; those before it are in force.</exception>
    public IReadOnlyList<AttachedHook> Attach(Func<string, BpfProgram> programOf)
    {
        var cgroupId = CgroupFileSystem.IdOf(cgroup);
        lock (sync) return [.. SocketHook.All.Select(hook => Attach(hook, programOf(hook.Program), cgroupId))];
    }

    /// <summary>The program at each hook now, by its id; null: none.</summary>
    public IReadOnlyDictionary<string, uint?> Present()
    {
        lock (sync) return SocketHook.All.ToDictionary(hook => hook.Program,
            hook => Open(hook.LinkName, paths.Link(hook.LinkName))?.Info is { CgroupId: not 0 } info ? info.ProgramId : (uint?)null);
    }

    /// <summary>Hooks that are not in force, of those that were attached. From any thread.</summary>
    public IReadOnlyList<Difference> Faults()
    {
        ulong cgroupId;
        try
        {
            cgroupId = CgroupFileSystem.IdOf(cgroup);
        }
        catch (BpfException e)
        {
            return [new Difference(VerifyStage.Attachment, $"cgroup {cgroup}", Difference.Whole, "present",
                e.Errno == Errno.ENOENT ? Difference.None : e.Message)];
        }
        lock (sync)
        {
            return
            [
                .. from hook in SocketHook.All
                   where links.ContainsKey(hook.LinkName)
                   let at = links[hook.LinkName].Info.CgroupId
                   where at != cgroupId
                   select new Difference(VerifyStage.Attachment, $"hook {hook.LinkName}", "link", $"attached to {cgroup}",
                       at == 0 ? "detached" : $"attached to the cgroup of id {at}"),
            ];
        }
    }

    /// <summary>A hook whose link, which is ours, runs a program that is not; null when there is none.</summary>
    public string? FindForeign(Func<string, BpfProgram> programOf)
    {
        lock (sync)
        {
            foreach (var hook in SocketHook.All)
            {
                if (!links.TryGetValue(hook.LinkName, out var link)) continue;
                var info = link.Info;
                if (info.CgroupId != 0 && info.ProgramId != programOf(hook.Program).Id)
                    return $"{hook.LinkName} runs program {info.ProgramId}, and ours is {programOf(hook.Program).Id}";
            }
            return null;
        }
    }

    /// <summary>Names of links without a pin.</summary>
    public IReadOnlyList<string> MissingPins() => [.. SocketHook.All.Select(h => h.LinkName).Where(name => !Pin.Exists(paths.Link(name)))];

    public void Dispose()
    {
        foreach (var link in links.Values) link.Dispose();
    }

    private AttachedHook Attach(SocketHook hook, BpfProgram program, ulong cgroupId)
    {
        var pin = paths.Link(hook.LinkName);
        var link = Open(hook.LinkName, pin);
        var info = link?.Info;
        if (link is null || info!.CgroupId != cgroupId)
        {
            // The new link first, then away with the old one: a destination is at worst looked up twice.
            var fresh = BpfLink.AttachCgroup(program, cgroup, hook.Type);
            Pin.Replace(fresh.Fd, pin);
            Keep(hook.LinkName, fresh);
            return Describe(fresh, "attached");
        }
        if (!Pin.Exists(pin)) Pin.Add(link.Fd, pin);
        if (info.ProgramId == program.Id) return Describe(link, "kept");
        link.Update(program);
        return Describe(link, "replaced");

        AttachedHook Describe(BpfLink attached, string action)
        {
            var now = attached.Info;
            return new AttachedHook(hook.LinkName, cgroup, now.Id, now.ProgramId, action);
        }
    }

    private BpfLink? Open(string name, string pin)
    {
        if (links.TryGetValue(name, out var known)) return known;
        if (!Pin.Exists(pin)) return null;
        var link = BpfLink.OpenPinned(pin);
        Keep(name, link);
        return link;
    }

    private void Keep(string name, BpfLink link)
    {
        if (links.Remove(name, out var old)) old.Dispose();
        links.Add(name, link);
    }
}
