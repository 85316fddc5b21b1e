using EbpfLb.Agent.Control;
using EbpfLb.Agent.Page;
using EbpfLb.Datapath.Counters;
using EbpfLb.Http.Metrics;
using EbpfLb.Http.Page;
using EbpfLb.Model;

namespace EbpfLb.Agent.Tests.Page;

/// <summary>Services as the page lists them: which, in which order, how many, and what each says.</summary>
public sealed class PageServicesTests : IDisposable
{
    private readonly PageUnderTest page = new(countsTraffic: true);

    public PageServicesTests()
    {
        page.Cluster.Service("web", ["10.96.0.1"], ["http:80@30080"], type: ServiceType.NodePort)
            .Slice("web-1", "web", ["http:8080"], ["10.1.0.1", "10.1.0.2 unready", "10.1.0.3 terminating"])
            .Service("api", ["10.96.0.2"], ["http:80"])
            .Service("shop/web", ["10.96.0.3"], ["http:80"])
            .Service("headless", [], ["http:80"]);
        page.Program();
    }

    public void Dispose() => page.Dispose();

    [Fact]
    public void Before_the_first_table_it_is_not_known_what_is_served()
    {
        Assert.True(Find().IsKnown);
        using var early = new PageUnderTest();
        Assert.False(early.Services.Find(new ServiceSearch("", ServiceOrder.Rate, 0, 50)).IsKnown);
    }

    [Theory]
    [InlineData("", "default/api default/web shop/web")]
    [InlineData("WEB", "default/web shop/web")]
    [InlineData("shop/", "shop/web")]
    [InlineData("t/w", "default/web")]
    [InlineData("nosuch", "")]
    [InlineData("canary", "")]
    public void A_search_finds_parts_of_names_and_neither_the_canary_nor_what_is_not_served(string text, string expected)
    {
        var found = Find(text);
        Assert.Equal(3, found.All);
        Assert.Equal(expected, Names(found));
        Assert.Equal(found.Lines.Count, found.Matching);
    }

    [Theory]
    [InlineData(0, 2, 0, "default/api default/web")]
    [InlineData(2, 2, 2, "shop/web")]
    [InlineData(3, 2, 0, "default/api default/web")]
    [InlineData(int.MaxValue, 1, 0, "default/api")]
    public void A_page_has_no_more_than_it_asks_for_and_one_beyond_the_end_is_the_first(int first, int most, int begin, string expected)
    {
        var found = page.Services.Find(new ServiceSearch("", ServiceOrder.Name, first, most));
        Assert.Equal((3, begin), (found.Matching, found.First));
        Assert.Equal(expected, Names(found));
    }

    [Fact]
    public void The_largest_stand_first_and_those_that_are_alike_by_name()
    {
        Assert.Equal("default/api default/web shop/web", Names(Find(order: ServiceOrder.Rate)));
        page.Count("web", 0);
        page.Count("shop/web", 0, id: 3);
        page.ReadAfter(0);
        page.Count("web", 10, refused: 50);
        page.Count("shop/web", 20, id: 3);
        page.ReadAfter(10);
        page.Drops = new() { ["default/api"] = 4, ["shop/web"] = 9 };

        Assert.Equal("shop/web default/web default/api", Names(Find(order: ServiceOrder.Rate)));
        Assert.Equal("default/web default/api shop/web", Names(Find(order: ServiceOrder.Refused)));
        Assert.Equal("shop/web default/api default/web", Names(Find(order: ServiceOrder.Drops)));
        // Drops are not reported: by rate.
        page.Drops = null;
        Assert.Equal("shop/web default/web default/api", Names(Find(order: ServiceOrder.Drops)));
    }

    [Fact]
    public void A_line_has_ports_endpoints_and_rates_and_null_for_what_is_not_known()
    {
        var line = Find("default/web").Lines[0];
        Assert.Equal(("NodePort", 1, 3), (line.Type, line.Ready, line.Endpoints));
        Assert.Equal(["80:30080/TCP"], line.Ports);
        Assert.Null(line.Rate);
        Assert.Null(line.Drops);
        Assert.Empty(line.History);
        Assert.False(Find().IsMeasured);
        Assert.Equal((0, 0), (Find("api").Lines[0].Ready, Find("api").Lines[0].Endpoints));
    }

    [Fact]
    public async Task A_Service_in_detail_has_its_unused_endpoints_too_and_those_drops_that_are_its_own()
    {
        page.View.Services = new ServicesReport(Origin.Agent, [page.View.Services.Services[0]]);
        page.View.Backends = new BackendsReport(Origin.Agent, [new BackendRow("default/web", "http", "TCP", 1, "10.1.0.1", 8080)]);
        PageDrop[] drops = [Drop("default/web:http"), Drop("default/webber:http"), Drop(null), Drop("default/web")];

        var detail = await page.Services.FindAsync(
            PageUnderTest.Name("web"), withFlows: false, drops, TestContext.Current.CancellationToken);

        Assert.NotNull(detail);
        Assert.Equal(new ServiceQuery("default", "web"), page.View.Asked);
        Assert.Equal(["10.1.0.1:8080 ready", "10.1.0.2 not ready, not used", "10.1.0.3 terminating, serving, not used"],
            detail.Backends.Select(b => $"{b.Address} {b.State}"));
        Assert.Equal(["17", "\""], detail.Frontends.Select(f => f.Connections));
        Assert.Equal(2, detail.Drops!.Count);
        Assert.Null(detail.Flows);
    }

    [Fact]
    public async Task Packets_and_bytes_are_shown_by_port_and_backend_and_null_where_they_are_not_known()
    {
        var port = page.View.Services.Services[0] with { Port = "http", Protocol = "TCP", Family = "IPv4", Traffic = new(1, 2, 3, 4) };
        page.View.Services = new ServicesReport(Origin.Agent, [port, port with { Family = "IPv6", Traffic = null }]);
        var backend = new BackendRow("default/web", "http", "TCP", 1, "10.1.0.1", 8080);
        page.View.Backends = new BackendsReport(Origin.Agent, [backend with { Traffic = new(5, 6, 7, 8) }, backend]);

        var detail = await page.Services.FindAsync(PageUnderTest.Name("web"), false, null, TestContext.Current.CancellationToken);

        Assert.Equal([new("http/TCP", "IPv4", new TrafficReading(1, 2, 3, 4)), new("http/TCP", "IPv6", null)], detail!.Traffic!);
        Assert.Equal([new TrafficReading(5, 6, 7, 8), null], detail.Backends.Take(2).Select(b => b.Traffic));
        Assert.True(Find().CountsTraffic);

        using var without = new PageUnderTest();
        without.Cluster.Service("web", ["10.96.0.1"], ["http:80"]);
        detail = await without.Program().Services.FindAsync(PageUnderTest.Name("web"), false, null, TestContext.Current.CancellationToken);
        Assert.Null(detail!.Traffic);
        Assert.False(without.Services.Find(new ServiceSearch("", ServiceOrder.Bytes, 0, 50)).CountsTraffic);
    }

    [Fact]
    public void Those_with_most_bytes_stand_first_where_bytes_are_counted()
    {
        page.Count("web", 0, traffic: default(Traffic));
        page.Count("shop/web", 0, id: 3, traffic: default(Traffic));
        page.ReadAfter(0);
        page.Count("web", 10, traffic: new Traffic(1, 100, 1, 100));
        page.Count("shop/web", 0, id: 3, traffic: new Traffic(1, 0, 1, 201));
        page.ReadAfter(10);
        var found = Find(order: ServiceOrder.Bytes);
        Assert.Equal("shop/web default/web default/api", Names(found));
        Assert.Equal([20.1, 10.0, null], found.Lines.Select(l => l.Traffic?.Out.Bytes));
    }

    [Fact]
    public async Task Nothing_is_shown_of_what_is_not_served_or_went_meanwhile()
    {
        foreach (var name in (string[])["nosuch", "headless"])
            Assert.Null(await page.Services.FindAsync(PageUnderTest.Name(name), false, null, TestContext.Current.CancellationToken));
        Assert.Null(await page.Services.FindAsync(Policy.Canary.Name, false, null, TestContext.Current.CancellationToken));
        page.View.Unknown = new UnknownServiceException("it went");
        Assert.Null(await page.Services.FindAsync(PageUnderTest.Name("web"), false, null, TestContext.Current.CancellationToken));
    }

    private ServiceList Find(string text = "", ServiceOrder order = ServiceOrder.Name)
        => page.Services.Find(new ServiceSearch(text, order, 0, 50));

    private static string Names(ServiceList list) => string.Join(' ', list.Lines.Select(l => l.Name));

    private static PageDrop Drop(string? service) => new(default, "drop_range", "TCP", "192.0.2.1:1", "10.96.0.1:80", "eth0", service);
}
