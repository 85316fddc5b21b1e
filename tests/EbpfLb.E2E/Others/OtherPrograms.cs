using EbpfLb.Bpf;
using EbpfLb.Netlink.TrafficControl;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Others;

/// <summary>Programs of somebody else on a node: those of bpf/unit/others.unit.bpf.c, which say there what they do.</summary>
internal sealed class OtherPrograms : IDisposable
{
    private readonly NodeNetns node;
    private readonly BpfObject bpf
        = BpfObject.Open(File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "build", "bpf", "unit", "others.unit.bpf.o")));

    private readonly BpfMap<uint, ulong> knobs, seen;
    private readonly Dictionary<string, BpfProgram> programs;

    public OtherPrograms(NodeNetns node)
    {
        this.node = node;
        bpf.Load();
        knobs = bpf.OpenMap<uint, ulong>("o_knobs");
        seen = bpf.OpenMap<uint, ulong>("o_seen");
        programs = bpf.Programs.Keys.ToDictionary(name => name, bpf.OpenProgram);
    }

    /// <summary>enum o_knob.</summary>
    public enum Setting : uint
    {
        Port,
        Deny,
        From,
        To,
    }

    /// <summary>enum o_seen.</summary>
    public enum What : uint
    {
        StampedIn,
        Out,
        StampedOut,
        MarkedOut,
        Address,
    }

    public void Set(Setting knob, ulong value) => knobs.Update((uint)knob, value);

    public ulong Seen(What what) => seen.Lookup((uint)what);

    public uint Id(string program) => programs[program].Id;

    /// <summary>At the uplink, in front of all or behind them; gone with what is returned.</summary>
    public BpfLink AtTcx(string program, bool first)
        => Run(() => BpfLink.AttachTcx(programs[program], DeviceIndex.Of("eth0"), ingress: true, first));

    /// <summary>At the uplink's clsact, which is made where there is none.</summary>
    public void AtClsact(string program, TcDirection direction, ushort priority) => Run(() =>
    {
        using var clsact = ClsactClient.Open();
        var device = DeviceIndex.Of("eth0");
        if (clsact.Find(device) is null) clsact.Add(device);
        clsact.Add(new BpfFilter(device, direction, priority, 1, programs[program].Fd, program));
        return true;
    });

    /// <summary>Attached by bpftool.</summary>
    /// <param name="flags">"multi", "override"; "": exclusively.</param>
    public void AtCgroup(string cgroup, string flags) => Bpftool("attach", cgroup, flags);

    public void FromCgroup(string cgroup) => Bpftool("detach", cgroup, "");

    public void Dispose()
    {
        foreach (var program in programs.Values) program.Dispose();
        knobs.Dispose();
        seen.Dispose();
        bpf.Dispose();
    }

    private void Bpftool(string verb, string cgroup, string flags)
    {
        var (code, output) = ChildProcess.Run(node.Place, [RepositoryPaths.Tool("bpftool"), "cgroup", verb, cgroup, "connect4", "id",
            $"{Id("o_connect4")}", .. flags.Length > 0 ? (string[])[flags] : []]);
        Assert.True(code == 0, output);
    }

    private T Run<T>(Func<T> work) => NetnsThread.Run(node.Place.NetnsPath!, work);
}
