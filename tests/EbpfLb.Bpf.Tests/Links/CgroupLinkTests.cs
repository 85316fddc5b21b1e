using System.Diagnostics;
using EbpfLb.Testing.Cgroups;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Bpf.Tests.Links;

[Trait("needs", "cgroup2")]
[Trait("needs", "bpftool")]
public sealed class CgroupLinkTests : IDisposable
{
    private readonly CgroupScope cgroup = CgroupScope.Create(Leftovers.NewName());
    private readonly PinScope pins = new();
    private readonly Connector connector = new();
    private readonly BpfObject obj;
    private readonly BpfProgram redirect;
    private readonly BpfProgram refuse;

    public CgroupLinkTests()
    {
        obj = TestObjects.Load("sockets", o =>
        {
            o.Knobs.Set("from_port", connector.DeadPort);
            o.Knobs.Set("to_port", connector.Port);
        });
        redirect = obj.OpenProgram("redirect");
        refuse = obj.OpenProgram("refuse");
    }

    public void Dispose()
    {
        pins.Dispose();
        cgroup.Dispose();
        redirect.Dispose();
        refuse.Dispose();
        obj.Dispose();
        connector.Dispose();
    }

    [Fact]
    public void Connections_are_redirected_while_the_link_lives()
    {
        Assert.False(connector.ConnectFrom(cgroup.Path).Connected);

        using (Attach(redirect))
        {
            Assert.True(connector.ConnectFrom(cgroup.Path).Connected);
            Assert.Equal(1ul, Count(0));
        }

        // Not at once: a process that a test beside this one just forked holds the link, too, until it executes its program.
        Eventually.True(() => !connector.ConnectFrom(cgroup.Path).Connected, "the link to leave its hook");
    }

    [Fact]
    public void Cgroups_below_are_redirected_too()
    {
        using var link = Attach(redirect);

        Assert.True(connector.ConnectFrom(cgroup.Child("pod").Path).Connected);
    }

    [Fact]
    public void The_program_is_replaced_in_place()
    {
        using var link = Attach(redirect);
        var id = link.Info.Id;

        link.Update(refuse);

        var (connected, said) = connector.ConnectFrom(cgroup.Path);
        Assert.False(connected);
        Assert.Contains("Operation not permitted", said);
        Assert.Equal((id, refuse.Id), (link.Info.Id, link.Info.ProgramId));
        Assert.Equal(1ul, Count(1));
    }

    [Fact]
    public void A_pinned_link_stays_until_its_pin_is_removed()
    {
        using (var link = Attach(redirect))
            Pin.Add(link.Fd, pins["connect4"]);

        Assert.True(connector.ConnectFrom(cgroup.Path).Connected);
        using (var again = BpfLink.OpenPinned(pins["connect4"]))
            Assert.Equal(redirect.Id, again.Info.ProgramId);
        Pin.Remove(pins["connect4"]);

        Eventually.True(() => !connector.ConnectFrom(cgroup.Path).Connected, "the link to leave its hook");
    }

    [Fact]
    public void A_detached_link_does_nothing_although_it_is_held()
    {
        using var link = Attach(redirect);

        link.Detach();

        Assert.False(connector.ConnectFrom(cgroup.Path).Connected);
        Assert.Equal(0ul, link.Info.CgroupId);
        Assert.Equal(Errno.ENOLINK, Assert.Throws<BpfException>(() => link.Update(refuse)).Errno);
    }

    [Fact]
    public void Info_tells_where_the_link_is()
    {
        using var link = Attach(redirect);

        Assert.Equal(
            new LinkInfo(link.Info.Id, LinkType.Cgroup, redirect.Id, AttachType.CgroupInet4Connect, CgroupFileSystem.IdOf(cgroup.Path), 0),
            link.Info);
        Assert.Contains(link.Info.Id, BpfLink.Ids());
        using var byId = BpfLink.OpenId(link.Info.Id);
        Assert.Equal(link.Info, byId.Info);
    }

    [Fact]
    public void A_hook_that_the_program_is_not_for_is_refused()
    {
        var error = Assert.Throws<BpfException>(() => BpfLink.AttachCgroup(redirect, cgroup.Path, AttachType.CgroupInet6Connect));

        Assert.Equal(Errno.EINVAL, error.Errno);
        Assert.Contains($"redirect at CgroupInet6Connect of {cgroup.Path}", error.Message);
    }

    [Fact]
    public void Somebody_who_attached_exclusively_is_pointed_out()
    {
        Pin.Add(redirect.Fd, pins["program"]);
        Bpftool("cgroup", "attach", cgroup.Path, "connect4", "pinned", pins["program"]);

        var error = Assert.Throws<BpfException>(() => Attach(redirect));

        Assert.Equal(Errno.EPERM, error.Errno);
        Assert.Contains(
            $"attached exclusively there or above (without BPF_F_ALLOW_MULTI); see: bpftool cgroup show {cgroup.Path}", error.Message);
    }

    private BpfLink Attach(BpfProgram program) => BpfLink.AttachCgroup(program, cgroup.Path, AttachType.CgroupInet4Connect);

    private ulong Count(uint index)
    {
        using var counts = obj.OpenMap<uint, ulong>("t_counts");
        return counts.Lookup(index);
    }

    private static void Bpftool(params string[] arguments)
    {
        using var bpftool = Process.Start(RepositoryPaths.Tool("bpftool"), arguments);
        bpftool.WaitForExit();
        Assert.Equal(0, bpftool.ExitCode);
    }
}
