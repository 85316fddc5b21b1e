using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Scheduling;
using EbpfLb.Planning.Tables;
using EbpfLb.Planning.Verification;

namespace EbpfLb.Planning.Tests.Plans;

/// <summary>
/// Who was at each place of a Maglev table before, where flows need no entries: in the kernel's table, and over restarts.
/// </summary>
public sealed class PastTests
{
    private const int Places = 251;
    private Lab lab = new(direct: true);

    public PastTests() => Begin();

    private void Begin()
    {
        lab.Cluster.Node("node-1", addresses: ["192.0.2.1"]).Other("node-2", "192.0.2.2");
        Serve(Forwarding.Dsr);
    }

    [Fact]
    public void A_new_table_has_none_and_one_that_follows_names_who_had_the_places()
    {
        Have("10.1.0.1", "10.1.0.2");
        var first = Now();
        Assert.All(Past(), id => Assert.Equal(0u, id));

        Have("10.1.0.1", "10.1.0.2", "10.1.0.3");

        var moved = Enumerable.Range(0, Places).Where(i => Now()[i] != first[i]).ToHashSet();
        Assert.InRange(moved.Count, 60, 120);
        Assert.All(Enumerable.Range(0, Places), i => Assert.Equal(moved.Contains(i) ? first[i] : 0, Past()[i]));
    }

    [Fact]
    public void Who_is_gone_has_no_flows_any_more_and_who_comes_back_finds_some_with_entries()
    {
        Have("10.1.0.1", "10.1.0.2");
        Have("10.1.0.1", "10.1.0.2", "10.1.0.3");
        var moved = Past().Count(id => id != 0);

        Have("10.1.0.1", "10.1.0.2");
        Assert.Equal(moved, Past().Count(id => id == MaglevPast.Tracked));
        Have("10.1.0.2");
        lab.Retire();
        Have("10.1.0.4", "10.1.0.2");

        // None of the ids that were given back is there.
        Assert.Subset(new HashSet<uint>([0, MaglevPast.Tracked, .. Now()]), Past().ToHashSet());
    }

    [Fact]
    public void When_nobody_is_left_for_what_is_new_the_places_are_empty_and_their_past_stays()
    {
        Have("10.1.0.1");
        var had = Now()[0];
        Have("10.1.0.1 unready");

        Assert.All(Now(), id => Assert.Equal(0u, id));
        Assert.All(Past(), id => Assert.Equal(had, id));
        Assert.True(ServiceCodec.Has(Vip(), LbServiceFlag.Empty));
        lab.AssertSafe();
        AgreeAfterRestart();

        Have("10.1.0.1");
        Assert.False(ServiceCodec.Has(Vip(), LbServiceFlag.Empty));
        Assert.All(Past(), id => Assert.Equal(MaglevPast.Tracked, id));
        lab.Cluster.RemoveSlice("web-1");
        lab.Step();
        Assert.Equal(0u, Vip().Cluster.Count);
    }

    [Fact]
    public void Those_who_had_a_place_since_are_named_while_they_live()
    {
        string[] all = [.. Enumerable.Range(1, 9).Select(i => $"10.1.0.{i}")];
        var owners = new List<uint[]>();
        for (var count = 1; count <= all.Length; count++)
        {
            Have(all[..count]);
            owners.Add(Now());
        }
        Assert.True(ServiceCodec.Has(Vip(), LbServiceFlag.Between));
        for (var place = 0; place < Places; place++)
        {
            uint[] had = [.. owners.Select(table => table[place])];
            var moved = had.Distinct().Count() > 1;
            var since = had.Reverse().Distinct().Except([had[0], had[^1]]).Reverse();
            Assert.Equal(!moved ? 0 : had[^1] == had[0] ? MaglevPast.Tracked : had[0], Past()[place]);
            Assert.Equal(since.TakeLast(4), Between(place));
        }
        Assert.Contains(Enumerable.Range(0, Places), place => Between(place).Length == 4);
        lab.AssertSafe();
        AgreeAfterRestart();

        // One that comes back stands where it is now; one that is gone is named nowhere.
        var (third, ninth) = (owners[2].Max(), owners[8].Max());
        Have([.. all[..2], .. all[3..8]]);
        Assert.DoesNotContain(Enumerable.Range(0, Places), place => Between(place).Any(id => id == third || id == ninth));
        Assert.DoesNotContain(Enumerable.Range(0, Places), place => Between(place).Contains(Now()[place]));
        AgreeAfterRestart();

        var (value, row) = (lab.Kernel.Tables.Maglev.Read(BetweenRow), BetweenRow);
        value.BackendIds[0] ^= 1;
        lab.Kernel.Tables.Maglev.Write(row, [value]);
        Assert.Contains(Differences(), d => d.Object.StartsWith("lb_maglev", StringComparison.Ordinal));

        Have(all[..1]);
        Assert.False(ServiceCodec.Has(Vip(), LbServiceFlag.Between));
        lab.AssertSafe();
    }

    /// <summary>Each of three frontends flips by itself: some may name a list with those in between, and others the one without.</summary>
    [Theory]
    [InlineData("10.1.0.1 10.1.0.2", "10.1.0.1 10.1.0.2 10.1.0.3", false, true)]
    [InlineData("10.1.0.1 10.1.0.2 10.1.0.3", "10.1.0.1", true, false)]
    [InlineData("10.1.0.1 10.1.0.2 10.1.0.3", "10.1.0.1 10.1.0.2 10.1.0.3 10.1.0.4", true, true)]
    public void An_agent_that_dies_at_any_write_leaves_what_the_next_takes_over(string from, string to, bool hadBetween, bool hasBetween)
    {
        var died = 0;
        for (var isOver = false; !isOver; died++)
        {
            var (faults, left) = (new Hook(), died);
            lab = new Lab(faults: faults, direct: true);
            lab.Cluster.Node("node-1", addresses: ["192.0.2.1"]).Other("node-2", "192.0.2.2");
            lab.Cluster.Service("web", ["10.96.0.1"], [":80"], externalIPs: ["203.0.113.1", "203.0.113.2", "203.0.113.3"],
                scheduler: Scheduler.Maglev, maglevTableSize: Places, forwarding: Forwarding.Dsr);
            Have("10.1.0.1");
            Have("10.1.0.1", "10.1.0.2");
            Have(from.Split(' '));
            lab.Retire();
            Assert.All(Vips(), v => Assert.Equal(hadBetween, ServiceCodec.Has(v, LbServiceFlag.Between)));
            faults.Before = (_, _) => left-- > 0 ? TableError.None : throw new TimeoutException();

            try
            {
                Have(to.Split(' '));
                isOver = true;
            }
            catch (TimeoutException)
            {
            }

            faults.Before = (_, _) => TableError.None;
            lab.AssertSafe();
            lab.Restart();
            Assert.True(lab.Step().IsComplete);
            lab.Retire();
            lab.AssertSafe();
            Assert.Empty(Differences());
            Assert.Single(Vips().Select(v => v.Cluster).Distinct());
            if (isOver) Assert.All(Vips(), v => Assert.Equal(hasBetween, ServiceCodec.Has(v, LbServiceFlag.Between)));
            AgreeAfterRestart();
        }
        Assert.InRange(died, 6, 200);
    }

    [Fact]
    public void Where_half_of_all_rows_would_not_be_free_the_table_stands_without_those_in_between()
    {
        lab = new Lab(Lab.Small with { MaxMaglevRows = 160 }, direct: true);
        Begin();
        string[] all = [.. Enumerable.Range(1, 6).Select(i => $"10.1.0.{i}")];
        for (var count = 1; count <= all.Length; count++)
        {
            Have(all[..count]);
            lab.Retire();
        }

        Assert.False(ServiceCodec.Has(Vip(), LbServiceFlag.Between));
        Assert.Contains(Past(), id => id != 0);
        lab.AssertSafe();
        Assert.Empty(Differences());
        AgreeAfterRestart();
    }

    [Fact]
    public void A_restart_takes_the_past_over_and_verify_sees_a_place_that_is_wrong()
    {
        Have("10.1.0.1", "10.1.0.2");
        Have("10.1.0.1", "10.1.0.2", "10.1.0.3");
        var past = Past();
        AgreeAfterRestart();
        Assert.Equal(past, Past());

        var row = Vip().Cluster.First + (uint)((Places + 15) / 16);
        var value = lab.Kernel.Tables.Maglev.Read(row);
        value.BackendIds[3] ^= 1;
        lab.Kernel.Tables.Maglev.Write(row, [value]);

        Assert.Contains(Differences(), d => d.Object.StartsWith("lb_maglev", StringComparison.Ordinal));
    }

    [Fact]
    public void Where_flows_may_have_entries_conntrack_is_asked()
    {
        Serve(Forwarding.Snat);
        Have("10.1.0.1", "10.1.0.2");
        Serve(Forwarding.Dsr);
        lab.Step();
        Assert.All(Past(), id => Assert.Equal(MaglevPast.Tracked, id));
    }

    [Fact]
    public void So_it_is_where_flows_are_older_than_the_tables()
    {
        lab.Mirror.HasOlderFlows = true;
        Have("10.1.0.1", "10.1.0.2");
        Assert.All(Past(), id => Assert.Equal(MaglevPast.Tracked, id));
    }

    private void Serve(Forwarding forwarding) => lab.Cluster.Service(
        "web", ["10.96.0.1"], [":80"], externalIPs: ["203.0.113.1"], scheduler: Scheduler.Maglev, maglevTableSize: Places,
        forwarding: forwarding);

    private void Have(params string[] endpoints)
    {
        lab.Cluster.Slice("web-1", "web", [":8080"], [.. endpoints.Select(e => $"{e} node=node-2")], IpFamily.IPv4);
        Assert.True(lab.Step().IsComplete);
    }

    private void AgreeAfterRestart()
    {
        lab.Retire();
        lab.Restart();
        Assert.True(lab.Plan().IsEmpty);
        Assert.Empty(Differences());
    }

    private IReadOnlyList<Difference> Differences()
    {
        lab.Step();
        var verification = new TableVerification(lab.Kernel.Tables, lab.Mirror);
        Assert.NotEqual(0, verification.Scan().Sum());
        return verification.Confirm(adopt: false);
    }

    private LbService Vip() => Vips().Single();

    private IEnumerable<LbService> Vips()
        => lab.Kernel.Services4.Entries.Select(e => e.Value).Where(v => ServiceCodec.Has(v, LbServiceFlag.Untracked));

    private uint[] Now() => Ids(0);

    private uint[] Past() => Ids((Places + 15) / 16);

    private uint BetweenRow => Vip().Cluster.First + (2u * ((Places + 15) / 16));

    private uint[] Between(int place)
    {
        var row = lab.Kernel.Tables.Maglev.Read(BetweenRow + (uint)(place / 4));
        return [.. Enumerable.Range(place % 4 * 4, 4).Select(i => row.BackendIds[i]).TakeWhile(id => id != 0)];
    }

    private uint[] Ids(int behind)
    {
        var first = Vip().Cluster.First + (uint)behind;
        return [.. Enumerable.Range(0, Places).Select(i => lab.Kernel.Tables.Maglev.Read(first + (uint)(i / 16)).BackendIds[i % 16])];
    }
}
