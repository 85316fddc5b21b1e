using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Tests.Wire;

/// <summary>The annotations ebpflb.io/... of Services, EndpointSlices and Endpoints.</summary>
public sealed class SchedulingMappingTests
{
    private readonly WireFixture wire = new();

    private Service Service(string annotations)
        => wire.Service($$$"""{"metadata":{"name":"web","namespace":"shop","annotations":{{{{annotations}}}} },"spec":{}}""");

    private EndpointSlice Slice(string annotations) => wire.Slice($$$"""
        {"metadata":{"name":"web-1","namespace":"shop","labels":{"kubernetes.io/service-name":"web"},"annotations":{{{{annotations}}}} },
         "addressType":"IPv4","endpoints":[{"addresses":["10.1.0.1"]},{"addresses":["10.1.0.2"]},{"addresses":["10.1.0.3"]}]}
        """)!;

    private static string Long { get; } = new('x', 100_000);

    private static void AssertQuotesTheBeginning(RefusedField refused)
    {
        Assert.StartsWith($"is \"{new string('x', 64)}...\", and must", refused.Message, StringComparison.Ordinal);
        Assert.InRange(refused.Message.Length, 1, 300);
    }

    private ushort[] Weights(string annotations) => [.. Slice(annotations).Endpoints.Select(e => e.Weight)];

    [Fact]
    public void Nothing_is_said_without_annotations()
    {
        var service = wire.Service("""{"metadata":{"name":"web","namespace":"shop"},"spec":{}}""");

        Assert.Null(service.Scheduler);
        Assert.Equal(0, service.MaglevTableSize);
        Assert.Equal([1, 1, 1], Weights(""));
    }

    [Fact]
    public void A_Service_names_its_scheduler_and_the_size_of_its_table()
    {
        var service = Service(""" "ebpflb.io/scheduler":"mh","ebpflb.io/maglev-table-size":"65521","other/note":"kept by nobody" """);

        Assert.Equal((Scheduler.Maglev, 65521), (service.Scheduler, service.MaglevTableSize));
        Assert.Empty(wire.Warnings);
    }

    [Fact]
    public void A_Service_names_how_it_is_forwarded()
    {
        Assert.Equal(Forwarding.Hybrid, Service(""" "ebpflb.io/forwarding":"hybrid" """).Forwarding);
        Assert.Null(Service(""" "ebpflb.io/forwarding":"" """).Forwarding);
    }

    [Theory]
    [InlineData("ebpflb.io/scheduler", "lblc", "random, rr, wrr, lc, wlc, sh, dh, sed, nq or maglev")]
    [InlineData("ebpflb.io/maglev-table-size", "1000", "a prime from 251 to 131071")]
    [InlineData("ebpflb.io/maglev-table-size", "many", "a prime from 251 to 131071")]
    [InlineData("ebpflb.io/forwarding", "DSR", "snat, dsr or hybrid")]
    public void A_value_that_is_none_is_named_with_what_is_allowed(string annotation, string value, string allowed)
    {
        var service = Service($"\"{annotation}\":\"{value}\"");

        Assert.Equal((null, 0, null), (service.Scheduler, service.MaglevTableSize, service.Forwarding));
        var refused = Assert.Single(service.Refused);
        Assert.Equal($"metadata.annotations[{annotation}]", refused.Path);
        Assert.StartsWith($"is \"{value}\", and must be {allowed}", refused.Message, StringComparison.Ordinal);
        // Said once, by the compiler.
        Assert.Empty(wire.Warnings);
    }

    [Fact]
    public void A_weight_holds_for_a_slice_and_single_ones_go_before_it()
    {
        Assert.Equal([7, 7, 7], Weights(""" "ebpflb.io/weight":"7" """));
        Assert.Equal([0, 65535, 1], Weights(""" "ebpflb.io/weights":"10.1.0.1=0, 10.1.0.2=65535" """));
        Assert.Equal([7, 7, 3], Weights(""" "ebpflb.io/weight":"7","ebpflb.io/weights":"10.1.0.3=3,10.9.9.9=5" """));
        Assert.Empty(wire.Warnings);
    }

    [Theory]
    [InlineData("ebpflb.io/weight", "65536", "65536")]
    [InlineData("ebpflb.io/weight", "-1", "-1")]
    [InlineData("ebpflb.io/weights", "10.1.0.1=-1", "10.1.0.1=-1")]
    [InlineData("ebpflb.io/weights", "10.1.0.1", "10.1.0.1")]
    [InlineData("ebpflb.io/weights", "web-0=3", "web-0=3")]
    public void A_weight_that_is_none_is_named_with_what_is_allowed(string annotation, string value, string named)
    {
        var slice = Slice($"\"{annotation}\":\"{value}\"");
        Assert.Equal([1, 1, 1], slice.Endpoints.Select(e => e.Weight));
        var refused = Assert.Single(slice.Refused);
        Assert.Equal($"metadata.annotations[{annotation}]", refused.Path);
        Assert.StartsWith($"is \"{named}\"", refused.Message, StringComparison.Ordinal);
        Assert.Contains("0 to 65535", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>An annotation may have 256 KiB; each of its commas had cost a message of its own.</summary>
    [Fact]
    public void However_many_weights_are_wrong_one_short_message_says_so()
    {
        var slice = Slice($"\"ebpflb.io/weights\":\"10.1.0.1=9,{new string(',', 250_000)}10.1.0.2=8\"");

        Assert.Equal([9, 8, 1], slice.Endpoints.Select(e => e.Weight));
        var refused = Assert.Single(slice.Refused);
        Assert.StartsWith("is \"\" and 249999 more are wrong, and must be", refused.Message, StringComparison.Ordinal);
        Assert.InRange(refused.Message.Length, 1, 200);
    }

    [Theory]
    [InlineData("ebpflb.io/weight")]
    [InlineData("ebpflb.io/weights")]
    public void Of_a_long_value_a_slice_quotes_the_beginning(string annotation)
        => AssertQuotesTheBeginning(Assert.Single(Slice($"\"{annotation}\":\"{Long}\"").Refused));

    [Theory]
    [InlineData("ebpflb.io/scheduler")]
    [InlineData("ebpflb.io/maglev-table-size")]
    [InlineData("ebpflb.io/forwarding")]
    public void Of_a_long_value_a_Service_quotes_the_beginning(string annotation)
        => AssertQuotesTheBeginning(Assert.Single(Service($"\"{annotation}\":\"{Long}\"").Refused));

    /// <summary>Whoever may write an annotation must not write to the terminal or the log of who reads of it.</summary>
    [Fact]
    public void A_value_is_quoted_with_nothing_hidden_in_it()
    {
        var refused = Assert.Single(Service(""" "ebpflb.io/scheduler":"a\u001b[31mb\u009bc\u202ed\ne" """).Refused);

        Assert.StartsWith("is \"a\uFFFD[31mb\uFFFDc\uFFFDd\uFFFDe\", and must", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_field_that_is_ignored_is_quoted_the_same_way()
    {
        wire.Service($$$"""{"metadata":{"name":"web","namespace":"shop"},"spec":{"loadBalancerSourceRanges":["\u001b{{{Long}}}"]}}""");

        Assert.Equal("\uFFFD" + Long[..63] + "...", Assert.Single(wire.Warnings).Value);
    }

    [Fact]
    public void Endpoints_are_mirrored_with_their_weights()
    {
        var slices = wire.Endpoints("""
            {"metadata":{"name":"web","namespace":"shop","annotations":{"ebpflb.io/weight":"2","ebpflb.io/weights":"fd00::1=9"}},
             "subsets":[{"addresses":[{"ip":"10.1.0.1"},{"ip":"fd00::1"}],"ports":[{"port":80}]}]}
            """);

        Assert.Equal([2, 9], slices.Select(s => s.Endpoints[0].Weight));
    }
}
