using System.Text;
using System.Text.Json;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Tests.Recordings;
using EbpfLb.Kubernetes.Wire;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Tests.Wire;

public sealed class ListPageReaderTests
{
    private static async Task<(List<Service> Items, WireListMetadata? Metadata)> Read(byte[] page, int pieces)
    {
        var items = new List<Service>();
        var reader = new ListPageReader<Service>(new WireCatalog(_ => { }), ApiResources.Services, items);
        using var body = new PiecewiseStream(page, pieces);
        await reader.ReadAsync(body, () => { }, TestContext.Current.CancellationToken);
        return (items, reader.Metadata);
    }

    private static Task<(List<Service> Items, WireListMetadata? Metadata)> Read(string page) => Read(Encoding.UTF8.GetBytes(page), 7);

    [Theory]
    [InlineData(1)]
    [InlineData(13)]
    [InlineData(4096)]
    public async Task A_page_reads_the_same_in_pieces_of_any_size(int pieces)
    {
        var page = Recording.Load("list-services-page1").Body;
        var whole = await Read(page, page.Length);

        var read = await Read(page, pieces);

        Assert.Equal(3, read.Items.Count);
        Assert.Equal(whole.Items, read.Items);
        Assert.Equal(("1681", whole.Metadata?.Continue), (read.Metadata?.ResourceVersion, read.Metadata?.Continue));
    }

    [Fact]
    public async Task An_item_larger_than_the_first_buffer_reads()
    {
        var ports = string.Join(',', Enumerable.Range(1, 20_000).Select(p => $$"""{"name":"port-{{p}}","port":{{p}}}"""));

        var (items, _) = await Read(Encoding.UTF8.GetBytes(
            $$$"""{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"a","namespace":"b"},"spec":{"ports":[{{{ports}}}]} }]}"""),
            100_000);

        Assert.Equal(20_000, Assert.Single(items).Ports.Count);
    }

    [Fact]
    public async Task A_list_of_50_000_takes_little_more_memory_than_its_objects_read_one_by_one()
    {
        const int objects = 50_000;
        var item = Encoding.UTF8.GetBytes($$$"""
            {"metadata":{"name":"web-1","namespace":"shop","resourceVersion":"5","labels":{"kubernetes.io/service-name":"web"},"managedFields":
            [{"manager":"{{{new string('x', 400)}}}"}]},"addressType":"IPv4","ports":[{"name":"http","port":80}],"endpoints":[
            {"addresses":["10.1.0.1"],"conditions":{"ready":true},"nodeName":"node-1"},{"addresses":["10.1.0.2"],"conditions":{"ready":true},"nodeName":"node-2"}]}
            """);
        byte[] next = [(byte)',', .. item];
        byte[] page =
        [
            .. """{"metadata":{"resourceVersion":"5"},"items":["""u8, .. item,
            .. Enumerable.Repeat(next, objects - 1).SelectMany(i => i), .. "]}"u8,
        ];
        var wire = new WireCatalog(_ => { });
        var codec = wire.CodecOf(ApiResources.EndpointSlices);
        codec.ReadObject(item);
        var before = GC.GetAllocatedBytesForCurrentThread();
        codec.ReadObject(item);
        var single = GC.GetAllocatedBytesForCurrentThread() - before;

        var items = new List<EndpointSlice>(objects);
        before = GC.GetAllocatedBytesForCurrentThread();
        // From memory nothing is waited for, so all of it is on this thread.
        var reading = new ListPageReader<EndpointSlice>(wire, ApiResources.EndpointSlices, items)
            .ReadAsync(new MemoryStream(page), () => { }, TestContext.Current.CancellationToken);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(reading.IsCompletedSuccessfully);
        await reading;

        Assert.Equal(objects, items.Count);
        Assert.InRange(allocated - (objects * single), long.MinValue, 256 << 10);
    }

    /// <summary>What a million lists found: the warning could not be written, and the whole list was lost.</summary>
    [Fact]
    public async Task An_item_that_is_null_is_reported_and_costs_only_itself()
    {
        List<string> warnings = [];
        var items = new List<Service>();
        var wire = new WireCatalog(warning => warnings.Add(warning.ToString()));
        using var body = new MemoryStream(
            """{"metadata":{"resourceVersion":"8"},"items":[null,{"metadata":{"name":"a","namespace":"b"},"spec":{}}]}"""u8.ToArray());

        await new ListPageReader<Service>(wire, ApiResources.Services, items)
            .ReadAsync(body, () => { }, TestContext.Current.CancellationToken);

        Assert.Single(items);
        Assert.StartsWith("Service without a name that can be read: ", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Items_may_come_before_metadata_and_be_null()
    {
        Assert.Equal("7", (await Read("""{"items":[],"metadata":{"resourceVersion":"7"}}""")).Metadata?.ResourceVersion);
        Assert.Equal("8", (await Read("""{"metadata":{"resourceVersion":"8"},"items":null}""")).Metadata?.ResourceVersion);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("ok")]
    [InlineData("<html></html>")]
    [InlineData("""{"items":{}}""")]
    public async Task What_is_no_list_is_refused(string page)
        => await Assert.ThrowsAnyAsync<JsonException>(() => Read(page));

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"metadata":{"resourceVersion":"8"},"items":[{"metadata":{"name":"a" """)]
    public async Task A_list_that_ends_early_is_noticed(string page)
        => await Assert.ThrowsAsync<EndOfStreamException>(() => Read(page));

    /// <summary>Gives at most so many bytes at a time.</summary>
    private sealed class PiecewiseStream(byte[] bytes, int pieces) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            => base.ReadAsync(buffer[..Math.Min(buffer.Length, pieces)], cancellationToken);
    }
}
