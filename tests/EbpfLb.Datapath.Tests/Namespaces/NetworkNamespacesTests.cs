using System.Net.Sockets;
using EbpfLb.Datapath.Namespaces;
using EbpfLb.Netlink.Network;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Datapath.Tests.Namespaces;

[Trait("needs", "unshare")]
public sealed class NetworkNamespacesTests
{
    private readonly NetworkNamespaces namespaces = new();

    [Fact]
    public void A_named_namespace_is_found_once_with_the_cookie_that_its_sockets_tell()
    {
        using var netns = ScratchNetns.Create();
        var cookie = netns.Run(CookieHere);

        var entry = Assert.Single(namespaces.Enumerate(), e => e.Cookie == cookie);

        Assert.Equal(netns.Path, entry.Path);
        Assert.Equal(netns.Run(() => NamespaceFiles.InodeOf(NamespaceFiles.Target("/proc/thread-self/ns/net"))), entry.Inode);
    }

    [Fact]
    public void A_namespace_without_a_name_is_found_by_its_process()
    {
        using var process = ChildProcess.Start(Here, ["unshare", "--net", "sh", "-c", "echo up; exec sleep 1000"]);
        process.ReadLine();
        var inode = NamespaceFiles.InodeOf(NamespaceFiles.Target($"/proc/{process.Id}/ns/net"));

        var entry = Assert.Single(namespaces.Enumerate(), e => e.Inode == inode);

        Assert.Equal($"/proc/{process.Id}/ns/net", entry.Path);
        Assert.NotEqual(CookieHere(), entry.Cookie);
    }

    [Fact]
    public void The_own_namespace_is_found_and_each_is_found_once()
    {
        var all = namespaces.Enumerate();

        Assert.Single(all, e => e.Cookie == CookieHere());
        Assert.Equal(all.Count, all.Select(e => e.Inode).Distinct().Count());
        Assert.Equal(all.Count, all.Select(e => e.Cookie).Distinct().Count());
    }

    [Fact]
    public void Work_runs_inside_and_leaves_the_caller_where_it_was()
    {
        using var netns = ScratchNetns.Create("link add marked type veth peer name peer");
        var entry = EntryOf(netns);
        var before = CookieHere();

        var devices = namespaces.RunIn(entry, DevicesHere);

        Assert.Contains("marked", devices);
        Assert.Equal(before, CookieHere());
        Assert.DoesNotContain("marked", DevicesHere());
    }

    [Fact]
    public void What_work_throws_comes_to_the_caller()
    {
        using var netns = ScratchNetns.Create();

        var thrown = Assert.Throws<InvalidDataException>(()
            => namespaces.RunIn<int>(EntryOf(netns), () => throw new InvalidDataException("as told")));

        Assert.Equal("as told", thrown.Message);
    }

    [Fact]
    public void A_namespace_that_vanished_is_gone_and_the_others_are_still_visited()
    {
        using var stays = ScratchNetns.Create();
        NamespaceEntry gone;
        using (var goes = ScratchNetns.Create()) gone = EntryOf(goes);

        Assert.Throws<NamespaceGoneException>(() => namespaces.RunIn(gone, () => 0));
        var visited = namespaces.RunInEach([gone, EntryOf(stays)], _ => CookieHere());

        Assert.Equal(stays.Run(CookieHere), Assert.Single(visited).Result);
    }

    [Fact]
    public void Another_namespace_in_its_place_is_not_mistaken_for_it()
    {
        using var netns = ScratchNetns.Create();
        using var other = ScratchNetns.Create();

        Assert.Throws<NamespaceGoneException>(() => namespaces.RunIn(EntryOf(netns) with { Path = other.Path }, () => 0));
        Assert.Throws<NamespaceGoneException>(() => namespaces.RunIn(EntryOf(netns) with { Cookie = 1 }, () => 0));
    }

    [Fact]
    public async Task Enumerating_while_namespaces_come_and_go_finds_those_that_stay()
    {
        using var stays = ScratchNetns.Create();
        var cookie = stays.Run(CookieHere);
        using var stop = new CancellationTokenSource();
        var gone = 0;
        var churn = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                ChildProcess.Run(Here, "unshare", "--net", "true");
                Interlocked.Increment(ref gone);
            }
        });

        // Looking is faster than making: some shall have come and gone meanwhile, however busy the machine is.
        for (var i = 0; (i < 20 || Volatile.Read(ref gone) < 5) && !churn.IsCompleted; i++)
            Assert.Contains(namespaces.Enumerate(), e => e.Cookie == cookie);

        await stop.CancelAsync();
        await churn;
    }

    private static ProcessPlace Here => new("/proc/self/ns/net", "/sys/fs/cgroup");

    private NamespaceEntry EntryOf(ScratchNetns netns)
    {
        var cookie = netns.Run(CookieHere);
        return namespaces.Enumerate().Single(e => e.Cookie == cookie);
    }

    private static List<string> DevicesHere()
    {
        using var reader = NetworkReader.Open();
        return [.. reader.Read().Links.Select(l => l.Name)];
    }

    private static ulong CookieHere()
    {
        using var reader = NetworkReader.Open();
        return reader.NamespaceCookie();
    }
}
