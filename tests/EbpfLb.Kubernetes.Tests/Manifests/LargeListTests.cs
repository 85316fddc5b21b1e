using System.Text;
using EbpfLb.Kubernetes.Manifests;
using EbpfLb.Kubernetes.Manifests.Parser;
using EbpfLb.Testing.ApiServer;

namespace EbpfLb.Kubernetes.Tests.Manifests;

/// <summary>A large List is read piece by piece, and of one that was read before only what changed.</summary>
public sealed class LargeListTests : IDisposable
{
    private readonly ManifestFolder folder = new();
    private readonly ManifestReader reader = new(new ManifestOptions("/", ManifestFolder.NodeName), _ => { }, (_, _, _) => { });

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("as it is", "", "")]
    [InlineData("with line breaks between its items", "},{\"apiVersion\"", "},\r\n  {\"apiVersion\"")]
    [InlineData("with other kinds", "\"kind\":\"Service\",\"metadata\":{\"name\":\"service-7\"",
        "\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"service-7\"")]
    [InlineData("with its kind at the end", "\"kind\":\"List\",\"items\"", "\"metadata\":{\"resourceVersion\":\"1\"},\"items\"")]
    public void Pieces_hold_what_the_whole_holds(string what, string old, string replacement)
    {
        var text = List(3000);
        if (old.Length > 0) text = text.Replace(old, replacement, StringComparison.Ordinal);
        if (!text.Contains("\"kind\":\"List\"", StringComparison.Ordinal)) text = text[..^1] + ",\"kind\":\"List\"}";
        var whole = reader.Read("all.json", Encoding.UTF8.GetBytes(text), out _)!;

        var pieces = Read(text, null)!.Objects.OfType<ManifestObject>().ToList();

        Assert.True(text.Length > 3 << 20, what);
        Assert.Equal(whole.Objects.Select(Text), pieces.Select(Text));
    }

    [Fact]
    public void Of_a_list_that_was_read_before_only_the_items_that_changed_are_read()
    {
        var text = List(3000);
        var before = Read(text, null)!;
        var changed = text.Replace("11.0.8.53\"", "12.0.8.53\"", StringComparison.Ordinal);
        Assert.NotEqual(text, changed);

        var after = Read(changed, before)!;

        var others = after.Objects.Where((o, i) => !ReferenceEquals(o, before.Objects[i])).ToList();
        var other = Assert.Single(others);
        Assert.Equal("12.0.8.53",
            other!.Slices.SelectMany(s => s.Endpoints.ToArray()).Select(e => e.Address.ToString()).Single(a
                => a.StartsWith("12.", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3000)]
    [InlineData(5999)]
    public void Items_that_come_and_go_leave_the_others_as_they_are(int place)
    {
        var text = List(3000);
        var before = Read(text, null)!;
        var items = Items(text);
        var removed = items[place];
        items.RemoveAt(place);
        var without = Read(Join(items), before)!;
        items.Insert(place, removed.Replace("\"name\":\"service-", "\"name\":\"serwice-", StringComparison.Ordinal));
        var with = Read(Join(items), without)!;

        Assert.Equal(before.Objects.Length - 1, without.Objects.Length);
        Assert.All(without.Objects, (o, i) => AssertTaken(before.Objects[i < place ? i : i + 1]!, o!));
        Assert.Equal(before.Objects.Length, with.Objects.Length);
        Assert.Single(with.Objects.Where((o, i) => Text(o!) != Text(before.Objects[i]!)));
    }

    [Theory]
    [InlineData("\"port\":80,", "\"port\":\"eighty\",")]
    [InlineData("\"name\":\"service-9\"", "\"name\":\"Service_9\"")]
    [InlineData("{\"apiVersion\":\"v1\",\"kind\":\"List\",", "{\"apiVersion\":\"v1\",\"kind\":\"ServiceList\",")]
    [InlineData("]}", "]")]
    [InlineData("\"items\":[", "\"items\":[3,")]
    [InlineData("]}", "]} {}")]
    [InlineData("\"kind\":\"Service\",", "\"\\ud800\":1,\"kind\":\"Service\",")]
    [InlineData("\"kind\":\"Service\",", "\"kind\":\"\\udc00\",")]
    public void What_is_not_a_good_List_is_left_to_be_read_as_a_whole(string old, string replacement)
        => Assert.Null(Read(Replace(List(3000), old, replacement), null));

    [Fact]
    public void What_is_not_UTF8_outside_of_its_items_is_left_to_be_read_as_a_whole()
    {
        var bytes = Encoding.UTF8.GetBytes(Replace(List(3000), "]}", "],\"?\":1}"));
        bytes[Array.LastIndexOf(bytes, (byte)'?')] = 0xff;
        using var stream = new MemoryStream(bytes);
        Assert.Null(reader.ReadList("all.json", stream, null));
    }

    [Fact]
    public async Task Half_of_a_surrogate_pair_in_a_large_list_takes_no_other_file_with_it()
    {
        folder.With("all.json", Replace(List(3000), "\"kind\":\"Service\",", "\"\\ud800\":1,\"kind\":\"Service\","));
        folder.With("other.yaml", ManifestText.Service("other", "10.97.0.1"));
        var loaded = await folder.LoadAsync();
        Assert.Contains("surrogate pair", Assert.Single(loaded.Errors), StringComparison.Ordinal);
        Assert.Contains("default/other", loaded.ServiceNames);
    }

    [Fact]
    public async Task A_mistake_in_a_large_list_is_told_and_the_others_are_used()
    {
        folder.With("all.json", Replace(List(3000), "\"port\":80,", "\"port\":0,"));
        var loaded = await folder.LoadAsync();
        Assert.Single(loaded.Errors);
        Assert.Equal(2999, loaded.ServiceNames.Count());
    }

    [Fact]
    public async Task A_change_in_a_large_list_arrives_and_keeps_the_references_of_the_rest()
    {
        var text = List(3000);
        folder.With("all.json", text);
        await using var source = new RunningSource(folder.Source(o => o with { Rescan = TimeSpan.FromHours(1) }));
        var before = await source.UntilAsync(s => s.Services.Count == 3000);

        folder.With("all.json", text.Replace("11.0.8.53\"", "12.0.8.53\"", StringComparison.Ordinal));
        var after = await source.UntilAsync(s => !ReferenceEquals(s, before));

        Assert.Single(after.Services.DifferencesFrom(before.Services));
    }

    private ListContent? Read(string text, ListContent? before)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return reader.ReadList("all.json", stream, before);
    }

    private static string List(int services)
    {
        using var stream = new MemoryStream();
        new FakeCluster(services, 3).WriteList(stream);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static List<string> Items(string list)
    {
        const string between = "},{\"apiVersion\"";
        var inner = list[list.IndexOf('[', StringComparison.Ordinal)..][1..^2];
        var parts = inner.Split(between);
        return [.. parts.Select((p, i) => $"{(i == 0 ? "" : between[2..])}{p}{(i == parts.Length - 1 ? "" : "}")}")];
    }

    private static string Join(IEnumerable<string> items)
        => $"{{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{string.Join(',', items)}]}}";

    private static string Replace(string text, string old, string replacement)
    {
        var place = text.LastIndexOf(old, StringComparison.Ordinal);
        Assert.True(place >= 0, old);
        return $"{text[..place]}{replacement}{text[(place + old.Length)..]}";
    }

    /// <summary>It was not read again: what it holds is the same reference.</summary>
    private static void AssertTaken(ManifestObject expected, ManifestObject found)
    {
        Assert.Same(expected.Service, found.Service);
        Assert.Equal(expected.Slices.IsDefault, found.Slices.IsDefault);
        if (!expected.Slices.IsDefault) Assert.Same(Assert.Single(expected.Slices), Assert.Single(found.Slices));
    }

    private static string Text(ManifestObject item)
        => $"{item.Identity} {item.Position} {item.Service} {item.HasSelector} "
            + $"{string.Join(' ', item.Slices.IsDefault ? [] : item.Slices)}";
}
