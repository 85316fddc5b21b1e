using System.Text;
using EbpfLb.Kubernetes.Manifests;
using EbpfLb.Kubernetes.Manifests.Parser;

namespace EbpfLb.Kubernetes.Tests.Manifests;

/// <summary>Damaged files of every sort: nothing is thrown, and what they do to themselves they do to no other file.</summary>
public sealed class RobustnessTests
{
    private static readonly string[] Originals =
    [
        ManifestText.Service("web", more: "  sessionAffinity: ClientIP\n  selector: {app: \"web\"}") + "\n---\n"
            + ManifestText.Slice("web-1", "web", "10.244.0.1", "10.244.0.2"),
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: &m\n    "
            + "name: a\n    labels: {x: 'y'}\n  spec: {clusterIPs: [10.96.0.1, \"fd00::1\"], ipFamilyPolicy: "
            + "RequireDualStack, ports: [{port: 0x50}]}\n- apiVersion: v1\n  kind: Endpoints\n  metadata: *m\n "
            + " subsets:\n  - addresses: [{ip: 10.0.0.1}]\n    ports:\n    - port: 80\n",
        """{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Service","metadata":{"name":"web","labels":{"a":"\u00e9"}},"spec":{"clusterIP":"10.96.0.1","ports":[{"port":80,"targetPort":"http"}]}},{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"web-1","labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv4","endpoints":[{"addresses":["10.244.0.1"],"conditions":{"ready":true}}]}]}""",
    ];

    private static readonly string[] Spices =
    [
        "\t", "\n", "  ", "- ", ": ", "[", "]", "{", "}", "\"", "'", "&a ", "*a ", "<<: ", "? ", "|", ">", "!!int ", "!<", "%YAML 1.2",
        "---", "...",
        "#", "null", "~", "\0", "\u0085", "\ud83d\ude00", "\\", "\\u", "\\ud800", "99999999999999999999", "-1", "1e999", ".nan", "yes", ",",
        "\r", "\ufeff", "\u2028",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void The_reader_survives_any_damage(int seed)
    {
        var random = new Random(seed);
        var reader = new ManifestReader(new ManifestOptions("/", "n"), _ => { }, (_, _, _) => { });
        for (var i = 0; i < 4_000; i++)
        {
            var original = random.Next(Originals.Length);
            var damaged = Damage(Encoding.UTF8.GetBytes(Originals[original]), random);
            var file = original == 2 && random.Next(2) == 0 ? "x.json" : "x.yaml";
            var content = reader.Read(file, damaged, out var broken);

            // Either the file is read or there is one reason why not; and every reason is at a line that exists.
            Assert.NotEqual(content is null, broken is null);
            var lines = damaged.AsSpan().Count((byte)'\n') + damaged.AsSpan().Count((byte)'\r') + 2
                + Encoding.UTF8.GetString(damaged).Count(c => c is '\u0085' or '\u2028');
            foreach (var problem in content?.Problems ?? [broken!])
            {
                Assert.InRange(problem.Line, 1, lines);
                Assert.NotEqual("", problem.Reason);
            }
        }
    }

    [Theory]
    [InlineData("""{"apiVersion":"v1","kind":"Service","metadata":{"labels":{"a\ud800":"b"}},"spec":{"ports":[{"port":0}]}}""")]
    [InlineData("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"ports":[{"\udc00":1,"port":0}]}}""")]
    [InlineData("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"\ud800":1,"spec":{"ports":[{"port":0}]}}""")]
    public void Half_of_a_surrogate_pair_in_a_name_is_told_with_a_line(string json)
    {
        var content = new ManifestReader(new ManifestOptions("/", "n"), _ => { }, (_, _, _) => { })
            .Read("x.json", Encoding.UTF8.GetBytes(json), out var broken);
        Assert.All(content?.Problems ?? [broken!], problem => Assert.Equal(1, problem.Line));
    }

    [Fact]
    public async Task Damaged_files_never_cost_the_others_their_objects()
    {
        using var folder = new ManifestFolder();
        folder.With("a.yaml", ManifestText.Service("first", "10.97.0.1"));
        folder.With("z.yaml", ManifestText.Service("last", "10.97.0.2"));
        await using var source = new RunningSource(folder.Source(o => o with { Rescan = TimeSpan.FromHours(1) }));
        await source.UntilAsync(s => s.Has("first") && s.Has("last"));
        var before = source.Latest!;

        var random = new Random(5);
        for (var i = 0; i < 60; i++)
        {
            var original = random.Next(Originals.Length);
            await File.WriteAllBytesAsync(
                folder.PathOf(original == 2 ? "m.json" : "m.yaml"), Damage(Encoding.UTF8.GetBytes(Originals[original]), random));
            // A marker says that this round was read.
            folder.With("marker.yaml", ManifestText.Service($"round-{i}", "10.97.0.3"));
            var snapshot = await source.UntilAsync(s => s.Has($"round-{i}"));
            Assert.Same(before.Services[ManifestText.Default("first")], snapshot.Services[ManifestText.Default("first")]);
            Assert.Same(before.Services[ManifestText.Default("last")], snapshot.Services[ManifestText.Default("last")]);
        }

        File.Delete(folder.PathOf("m.json"));
        File.Delete(folder.PathOf("m.yaml"));
        await source.UntilAsync(s => s.Services.Count == 3, s => s.Error is null);
    }

    private static byte[] Damage(byte[] text, Random random)
    {
        var bytes = text.ToList();
        for (var i = random.Next(1, 5); i > 0 && bytes.Count > 0; i--)
        {
            var at = random.Next(bytes.Count);
            var length = Math.Min(random.Next(1, 12), bytes.Count - at);
            switch (random.Next(7))
            {
                case 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 1:
                    bytes.RemoveRange(at, length);
                    break;
                case 2:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 3:
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                    break;
                default:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Spices[random.Next(Spices.Length)]));
                    break;
            }
        }
        return [.. bytes];
    }
}
