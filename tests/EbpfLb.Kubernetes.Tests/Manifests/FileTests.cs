using System.Text;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Tests.Manifests;

/// <summary>Files as people write and tools dump them: several documents, lists, other kinds, broken ones.</summary>
public sealed class FileTests : IDisposable
{
    private readonly ManifestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Several_documents_a_file_and_several_files_are_one_state()
    {
        folder.With(
            "a.yaml", $"---\n{ManifestText.Service("web")}\n---\n{ManifestText.Slice("web-1", "web", "10.244.0.1", "10.244.0.2")}\n---\n");
        folder.With("b.json",
            """{"apiVersion":"v1","kind":"Service","metadata":{"name":"echo","namespace":"net"},"spec":{"clusterIP":"10.96.0.7","ports":[{"port":7}]}}""");
        var loaded = await folder.LoadAsync();
        Assert.Equal(["default/web", "net/echo"], loaded.ServiceNames);
        Assert.Equal(2, Assert.Single(loaded.Entry("default", "web").Slices).Endpoints.Count);
        Assert.Empty(loaded.Errors);
    }

    [Theory]
    [InlineData("list.yaml",
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  "
            + "metadata: {name: web}\n  spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}\n")]
    [InlineData("list.yaml",
        "apiVersion: v1\nkind: ServiceList\nitems:\n- metadata: {name: " + "web}\n  spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}\n")]
    [InlineData("list.yaml",
        "items:\n- metadata: {name: web}\n  spec: {clusterIP: 10.96.0.1, " + "ports: [{port: 80}]}\napiVersion: v1\nkind: ServiceList\n")]
    [InlineData("list.json",
        """{"items":[{"metadata":{"name":"web"},"spec":{"clusterIP":"10.96.0.1","ports":[{"port":80}]}}],"kind":"ServiceList","apiVersion":"v1"}""")]
    [InlineData("list.yaml",
        """{"kind":"List","apiVersion":"v1","items":[{"kind":"Service","apiVersion":"v1","metadata":{"name":"web"},"spec":{"clusterIP":"10.96.0.1","ports":[{"port":80}]}}]}""")]
    [InlineData("list.json",
        """{"kind":"List","apiVersion":"v1","items":[{"kind":"List","apiVersion":"v1","items":[{"kind":"Service","apiVersion":"v1","metadata":{"name":"web"},"spec":{"clusterIP":"10.96.0.1","ports":[{"port":80}]}}]}]}""")]
    [InlineData("two.json",
        """{"kind":"List","apiVersion":"v1"} {"kind":"Service","apiVersion":"v1","metadata":{"name":"web"},"spec":{"clusterIP":"10.96.0.1","ports":[{"port":80}]}}""")]
    [InlineData("flow.yaml", "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}}")]
    [InlineData("BIG.YML", "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}\n")]
    [InlineData("bom.json",
        "\ufeff{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"web\"},"
            + "\"spec\":{\"clusterIP\":\"10.96.0.1\",\"ports\":[{\"port\":80}]}}")]
    [InlineData("crlf.yaml",
        "apiVersion: v1\r\nkind: Service\r\nmetadata:\r\n  name: "
            + "web\r\nspec:\r\n  clusterIP: 10.96.0.1\r\n  ports:\r\n  - port: 80\r\n")]
    [InlineData("anchors.yaml",
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: &n web\n  labels: &l {app: "
            + "web}\nspec: {selector: *l, clusterIP: 10.96.0.1, ports: [{port: 80}]}\n")]
    public async Task Every_form_of_the_same_service_is_read(string file, string text)
    {
        var loaded = await folder.With(file, text).LoadAsync();
        Assert.Empty(loaded.Errors);
        Assert.Equal(
            new Service(ManifestText.Default("web"), ServiceType.ClusterIP, [IpAddress.Parse("10.96.0.1")],
                [new("", TransportProtocol.Tcp, 80, 0)], 0, ServiceLabels.None),
            loaded.Service("web"));
    }

    [Fact]
    public async Task Other_kinds_are_ignored_without_a_word()
    {
        folder.With("config.yaml", "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\n");
        folder.With("rule.yaml", "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: r}\nspec: {groups: []}\n");
        folder.With("knative.yaml", "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: web}\nspec: {template: {}}\n");
        folder.With("pods.json", """{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"p"}}]}""");
        folder.With("mixed.yaml", "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n");
        folder.With("empty.yaml", "");
        folder.With("empty.json", "  \n");
        folder.With("comment.yaml", "# nothing yet\n");
        var loaded = await folder.LoadAsync();
        Assert.Empty(loaded.Source.Problems);
        Assert.Empty(loaded.Snapshot.Services);
        Assert.Null(loaded.Source.Status.Error);
    }

    [Theory]
    [InlineData("x.yaml", "name: values\nport: 80\n", "x.yaml:1:1: kind is not set; a manifest begins with apiVersion and kind")]
    [InlineData("x.yaml", "kind: Service\n", "x.yaml:1:1: apiVersion is not set")]
    [InlineData("x.yaml", "- a\n- b\n", "x.yaml:1:1: this is no object")]
    [InlineData("x.yaml", "just text\n", "x.yaml:1:1: this is no object")]
    [InlineData("x.json", "[1]", "x.json:1:1: this is no object")]
    [InlineData("x.yaml", "apiVersion: v1\nkind: List\nitems:\n- {metadata: {name: a}}\n", "x.yaml:4:3: items[0]: kind is not set")]
    [InlineData("x.yaml", "apiVersion: apps/v1\nkind: Service\n",
        "x.yaml:1:1: no matches for kind \"Service\" in version \"apps/v1\"; use apiVersion: v1")]
    [InlineData("x.yaml", "apiVersion: v1\nkind: EndpointSliceList\n",
        "x.yaml:1:1: no matches for kind \"EndpointSliceList\" in version \"v1\"; use apiVersion: discovery.k8s.io/v1")]
    [InlineData("x.json", "{\"apiVersion\":\"v1\",\n\"kind\":\"Service\",\n oops}", "x.json:3:2: not valid JSON: ")]
    [InlineData("x.json", "apiVersion: v1", "x.json:1:1: not valid JSON: ")]
    [InlineData("x.json", "{\"apiVersion\":\"v1\",\n\"kind\":\"Service\",\n}",
        "x.json:3:1: not valid JSON: a comma stands behind the last element of a list or object, where JSON has none; correct the line")]
    [InlineData("x.json", "{\"apiVersion\":\"v1\",\"items\":[1,],\n oops}", "x.json:1:31: not valid JSON: a comma stands behind the last")]
    [InlineData("x.yaml", "apiVersion: v1\nkind: Service\nspec: [\n", "x.yaml:4:1: not valid YAML: ")]
    [InlineData("x.yaml", "{\"apiVersion\": \"v1\", \"kind\": }}", "x.yaml:1:")]
    public async Task What_is_no_manifest_is_named_with_line_and_reason(string file, string text, string reason)
    {
        folder.With("good.yaml", ManifestText.Service("web"));
        var loaded = await folder.With(file, text).LoadAsync();
        Assert.StartsWith(reason, Assert.Single(loaded.Errors));
        Assert.Equal(loaded.Errors[0], loaded.Source.Status.Error);
        Assert.Equal(["default/web"], loaded.ServiceNames);
    }

    [Fact]
    public async Task Text_that_is_not_UTF8_is_named_with_its_line()
    {
        File.WriteAllBytes(folder.PathOf("latin1.yaml"), [.. "a: 1\nb: "u8, 0xe9, .. "\n"u8]);
        Assert.Equal("latin1.yaml:2:4: not UTF-8; save the file as UTF-8", Assert.Single((await folder.LoadAsync()).Errors));
    }

    [Theory]
    [InlineData("utf16le.yaml", "utf-16")]
    [InlineData("utf16be.yaml", "utf-16BE")]
    [InlineData("utf16be.json", "utf-16BE")]
    [InlineData("utf32.yaml", "utf-32")]
    public async Task Text_of_another_encoding_is_named(string file, string encoding)
    {
        File.WriteAllBytes(folder.PathOf(file), Encoding.GetEncoding(encoding).GetBytes(ManifestText.Service("web")));
        File.WriteAllBytes(folder.PathOf($"marked-{file}"),
            [.. Encoding.GetEncoding(encoding).GetPreamble(), .. Encoding.GetEncoding(encoding).GetBytes("a: 1\n")]);
        Assert.All(
            (await folder.LoadAsync()).Errors, e => Assert.EndsWith(":1:1: UTF-16 or UTF-32 text, not UTF-8; save the file as UTF-8", e));
    }

    private const string Marked
        = "\ufeffapiVersion: v1\nkind: Service\nmetadata: {name: b}\nspec: {clusterIP: 10.96.0.2, ports: [{port: 80}]}\n";

    /// <summary>Files with a byte order mark at their head that were joined, by "cat" or with a line between.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("---\n")]
    [InlineData("\ufeff---\n")]
    [InlineData("---\r\n")]
    [InlineData("--- # the next\n\n# file\n")]
    [InlineData("...\n")]
    [InlineData("...\n\ufeff---\n")]
    public async Task A_byte_order_mark_at_the_head_of_any_document_is_none_of_its_text(string between)
    {
        const string First = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}\n";
        folder.With("joined.yaml", between.Length == 0 ? "\ufeff" + Marked : $"\ufeff{First}{between}{Marked}");
        var loaded = await folder.LoadAsync();
        Assert.Empty(loaded.Source.Problems);
        Assert.Equal(between.Length == 0 ? ["default/b"] : ["default/a", "default/b"], loaded.ServiceNames.Order());
    }

    [Fact]
    public async Task A_byte_order_mark_between_documents_of_JSON_is_a_blank_and_one_in_a_text_stays()
    {
        const string Web
            = """{"kind":"Service","apiVersion":"v1","metadata":{"name":"NAME","annotations":{"a":"}MARK{","b":"\"}MARK"} },"spec":{"clusterIP":"ADDRESS","ports":[{"port":0}]} }""";
        folder.With("joined.json",
            ($"MARK{Web.Replace("NAME", "a").Replace("ADDRESS", "10.96.0.1").Replace(":0}", ":80}")}\n"
                + $"MARK{Web.Replace("NAME", "b").Replace("ADDRESS", "10.96.0.2")}").Replace("MARK", "\ufeff"));
        var loaded = await folder.LoadAsync();
        // The second has a mistake, whose line and column must be those of the file.
        Assert.StartsWith("joined.json:2:", Assert.Single(loaded.Errors));
        Assert.Equal(["default/a"], loaded.ServiceNames);
    }

    [Fact]
    public async Task A_byte_order_mark_inside_a_document_is_text()
    {
        folder.With("x.yaml", "apiVersion: v1\nkind: Service\n\ufeffmetadata: {name: a}\n");
        Assert.Contains("metadata.name: an object needs a name", (await folder.LoadAsync()).Errors[0]);
    }

    /// <summary>ValidateXxxName of each kind: only Services are labels, the others are subdomains.</summary>
    [Theory]
    [InlineData("apiVersion: v1\nkind: Endpoints\nmetadata: {name: 1.a-b.2}\nsubsets: []\n")]
    [InlineData("apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: 2048-game.x7k2p, "
        + "labels: {kubernetes.io/service-name: 2048-game}}\naddressType: IPv4\nendpoints: []\n")]
    [InlineData("apiVersion: v1\nkind: Node\nmetadata: {name: 10.0.0.1}\n")]
    [InlineData("apiVersion: networking.k8s.io/v1\nkind: ServiceCIDR\nmetadata: {name: 10.96-first}\nspec: {cidrs: [10.96.0.0/16]}\n")]
    public async Task Names_of_other_kinds_are_subdomains_and_may_begin_with_a_digit(string text)
    {
        Assert.Empty((await folder.With("x.yaml", text).LoadAsync()).Source.Problems);
    }

    [Fact]
    public async Task A_repeated_key_in_JSON_refuses_the_object()
    {
        folder.With("x.json",
            """{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"clusterIP":"10.96.0.1","ports":[{"port":80,"port":81}]}}""");
        var loaded = await folder.LoadAsync();
        Assert.Contains("uplicate", Assert.Single(loaded.Errors));
        Assert.Empty(loaded.Snapshot.Services);
    }

    [Fact]
    public async Task Errors_in_JSON_have_their_line_too()
    {
        folder.With("x.json",
            "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n{\"apiVersion\":\"v1\",\"kind\":\"Service\",\n"
                + "\"metadata\":{\"name\":\"web\"},\n\"spec\":{\"clusterIP\":\"10.96.0.1\",\n "
                + " \"ports\":[{\"port\":0}]}}\n]}");
        Assert.StartsWith(
            "x.json:5:20: Service default/web: spec.ports[0].port: 0 is not", Assert.Single((await folder.LoadAsync()).Errors));
    }

    [Fact]
    public async Task A_file_that_is_too_large_is_named()
    {
        folder.With("big.yaml", ManifestText.Service("web"));
        var source = folder.Source(o => o with { LargestFile = 10 });
        await using var running = new RunningSource(source);
        await running.UntilAsync(s => s.Services.IsEmpty, s => s.Error is not null);
        Assert.Contains("big.yaml:1:1: ", source.Status.Error);
        Assert.Contains("10 are the most: split the file", source.Status.Error);
    }

    [Fact]
    public async Task The_status_shows_a_few_errors_and_counts_the_others()
    {
        for (var i = 0; i < 8; i++) folder.With($"bad{i}.yaml", "kind: [\n");
        var lines = (await folder.LoadAsync()).Source.Status.Error!.Split('\n');
        Assert.Equal(6, lines.Length);
        Assert.Equal("and 3 more; the log has them all", lines[5]);
    }

    [Fact]
    public async Task Many_mistakes_of_one_object_are_counted()
    {
        var endpoints = new StringBuilder();
        for (var i = 0; i < 200; i++) endpoints.Append("- {addresses: [127.0.0.1]}\n");
        folder.With("s.yaml",
            $"apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: s, labels: "
                + $"{{kubernetes.io/service-name: web}}}}\naddressType: IPv4\nendpoints:\n{endpoints}");
        var errors = (await folder.LoadAsync()).Errors;
        Assert.Equal(51, errors.Count);
        Assert.Contains(errors, e => e.EndsWith("150 more mistakes; correct these first", StringComparison.Ordinal));
    }
}
