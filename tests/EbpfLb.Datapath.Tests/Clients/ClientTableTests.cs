using EbpfLb.Abi;
using EbpfLb.Datapath.Clients;
using EbpfLb.Datapath.Node;
using EbpfLb.Model;
using EbpfLb.Planning.Tables;
using EbpfLb.Testing.Tables;

namespace EbpfLb.Datapath.Tests.Clients;

public sealed class ClientTableTests
{
    private const ulong Host = 1;
    private readonly MemoryTable<ulong, LbNetns> kernel = new("lb_netns", 4);
    private string? lost;

    [Fact]
    public void The_node_and_the_others_are_kept_apart()
    {
        var table = Open();
        table.ApplyHost(Host, Addresses("192.0.2.1"));
        Assert.Equal((2, 0), Counts(table.Apply(Found((2, Addresses("10.0.0.2")), (3, Addresses(null, "fd00::3"))))));
        Assert.Equal("1:192.0.2.1 2:10.0.0.2 3:fd00::3", Text());

        Assert.Equal((1, 1), Counts(table.Apply(Found((3, Addresses("10.0.0.3", "fd00::3"))))));
        Assert.Equal((1, 0), Counts(table.ApplyHost(Host, Addresses("192.0.2.9"))));
        Assert.Equal("1:192.0.2.9 3:10.0.0.3,fd00::3", Text());
        Assert.Equal((2, 4), (table.Fill.Used, table.Fill.Capacity));
    }

    [Fact]
    public void What_an_earlier_agent_knew_stays_until_the_namespaces_were_looked_at()
    {
        Open().Apply(Found((2, Addresses("10.0.0.2"))));

        var next = Open();
        next.ApplyHost(Host, Addresses("192.0.2.1"));
        Assert.Equal("1:192.0.2.1 2:10.0.0.2", Text());

        next.Apply(Found());
        Assert.Equal("1:192.0.2.1", Text());
    }

    [Fact]
    public void A_namespace_that_cannot_be_read_keeps_its_addresses_and_one_that_lost_them_is_forgotten()
    {
        var table = Open();
        table.Apply(Found((2, Addresses("10.0.0.2")), (3, Addresses("10.0.0.3"))));

        table.Apply(Found((2, null), (3, ClientAddresses.None), (4, null)));

        Assert.Equal("2:10.0.0.2", Text());
    }

    [Fact]
    public void A_full_table_says_what_is_lost_by_it()
    {
        var result = Open().Apply(Found([.. Enumerable.Range(2, 5).Select(i => ((ulong)i, Addresses($"10.0.0.{i}")))]));

        Assert.Contains("more network namespaces than it holds", Assert.Single(result.Problems), StringComparison.Ordinal);
        Assert.Equal(4, kernel.Entries.Count);
    }

    [Fact]
    public void Nothing_is_written_once_another_agent_has_the_instance()
    {
        var table = Open();
        lost = "another agent has it";
        var result = table.Apply(Found((2, Addresses("10.0.0.2"))));
        Assert.Equal((0, 0, "another agent has it"), (result.Written, result.Removed, Assert.Single(result.Problems)));
        Assert.Equal("", Text());
    }

    private ClientTable Open() => new(new DiffedTable<ulong, LbNetns>(kernel, kernel.Entries) { Capacity = 4 }, () => lost);

    private static ClientAddresses Addresses(string? v4, string? v6 = null) => new(Parse(v4), Parse(v6));

    private static IpAddress? Parse(string? text) => text is null ? null : IpAddress.Parse(text);

    private static Dictionary<ulong, ClientAddresses?> Found(params (ulong, ClientAddresses?)[] found)
        => found.ToDictionary(f => f.Item1, f => f.Item2);

    private static (int, int) Counts(NodeResult result) => (result.Written, result.Removed);

    private string Text() => string.Join(' ', kernel.Entries.OrderBy(e => e.Key).Select(e => $"{e.Key}:{string.Join(',', Both(e.Value))}"));

    private static IEnumerable<string> Both(LbNetns value)
    {
        if (value.Addr4.Raw != 0) yield return new System.Net.IPAddress(value.Addr4.Raw).ToString();
        var bytes = new byte[16];
        System.Runtime.InteropServices.MemoryMarshal.Write(bytes, value.Addr6);
        if (bytes.Any(b => b != 0)) yield return new System.Net.IPAddress(bytes).ToString();
    }
}
