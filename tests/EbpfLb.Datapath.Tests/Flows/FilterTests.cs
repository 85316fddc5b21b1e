using EbpfLb.Abi;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Tests.Flows;

public sealed class FilterTests
{
    private static readonly Flow Web = FlowOf(new TestFlow { Tick = 100 });

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1:80", true)]
    [InlineData("10.0.0.1", "10.0.0.2:80", false)]
    [InlineData("10.0.0.1:80", "10.0.0.1:80", true)]
    [InlineData("10.0.0.1:81", "10.0.0.1:80", false)]
    [InlineData("10.0.0.0/8", "10.255.0.1:80", true)]
    [InlineData("10.0.0.0/8", "11.0.0.1:80", false)]
    [InlineData("10.0.0.128/25", "10.0.0.127:80", false)]
    [InlineData("10.0.0.128/25", "10.0.0.129:80", true)]
    [InlineData("0.0.0.0/0", "10.0.0.1:80", true)]
    [InlineData("0.0.0.0/0", "[fd00::1]:80", false)]
    [InlineData("::/0", "10.0.0.1:80", false)]
    [InlineData(":80", "10.0.0.1:80", true)]
    [InlineData(":80", "[fd00::1]:80", true)]
    [InlineData(":80", "10.0.0.1:8080", false)]
    [InlineData("fd00::1", "[fd00::1]:80", true)]
    [InlineData("[fd00::1]", "[fd00::1]:80", true)]
    [InlineData("[fd00::1]:80", "[fd00::1]:81", false)]
    [InlineData("fd00::/65", "[fd00::8000:0:0:1]:80", false)]
    [InlineData("fd00::/64", "[fd00::8000:0:0:1]:80", true)]
    public void An_address_filter_covers_what_it_says(string filter, string endpoint, bool expected)
        => Assert.Equal(expected, EndpointFilter.Parse(filter).Matches(TestFlow.Endpoint(endpoint)));

    [Theory]
    [InlineData("")]
    [InlineData("web")]
    [InlineData("10.0.0")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/8:80")]
    [InlineData("10.0.0.1:0")]
    [InlineData("10.0.0.1:65536")]
    [InlineData("[fd00::1")]
    [InlineData(":")]
    public void What_is_no_address_is_refused_with_examples(string text)
        => Assert.Contains("give one such as 10.0.0.1", Assert.Throws<FormatException>(() => EndpointFilter.Parse(text)).Message);

    private static readonly Dictionary<string, (FlowFilter Filter, bool Expected)> Conditions = new()
    {
        ["no condition"] = (FlowFilter.All, true),
        ["protocol and phase"] = (new FlowFilter { Protocol = TransportProtocol.Tcp, Phase = LbCtPhase.Open }, true),
        ["another protocol"] = (new FlowFilter { Protocol = TransportProtocol.Udp }, false),
        ["another phase"] = (new FlowFilter { Phase = LbCtPhase.Closed }, false),
        ["client, frontend and backend"] = (new FlowFilter
            {
                Client = EndpointFilter.Parse("192.0.2.0/24"), Frontend = EndpointFilter.Parse(":80"),
                Backend = EndpointFilter.Parse("10.244.0.5"),
            },
            true),
        ["another frontend port"] = (
            new FlowFilter { Client = EndpointFilter.Parse("192.0.2.0/24"), Frontend = EndpointFilter.Parse(":443") }, false),
        ["another backend"] = (new FlowFilter { Backend = EndpointFilter.Parse("10.244.0.6") }, false),
        ["its service"] = (new FlowFilter { ServiceIds = new HashSet<uint> { 7 } }, true),
        ["another service"] = (new FlowFilter { ServiceIds = new HashSet<uint> { 8 } }, false),
        ["idle for just as long"] = (new FlowFilter { IdleLongerThan = TimeSpan.FromSeconds(10) }, true),
        ["not idle for so long"] = (new FlowFilter { IdleLongerThan = TimeSpan.FromSeconds(11) }, false),
    };

    public static TheoryData<string> ConditionNames => [.. Conditions.Keys];

    [Theory]
    [MemberData(nameof(ConditionNames))]
    public void A_flow_must_meet_all_conditions(string condition)
    {
        var (filter, expected) = Conditions[condition];

        Assert.Equal(expected, filter.Matches(Web, now: 110));
    }

    private static Flow FlowOf(TestFlow flow) => Flow.Of(flow.Family, flow.Request, flow.Reply);
}
