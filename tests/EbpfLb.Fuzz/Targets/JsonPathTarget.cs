using System.Text;
using System.Text.Json;
using EbpfLb.Agent.Output.JsonPaths;

namespace EbpfLb.Fuzz.Targets;

/// <summary>A template of `-o jsonpath=`, which scripts write: it is applied to an answer, or refused with the column.</summary>
internal sealed class JsonPathTarget : FuzzTarget
{
    private static readonly JsonElement Answer = JsonElement.Parse("""
        {"origin":"agent","n":1.5,"big":123456789012345678901234567890,"none":null,"yes":true,
         "text":"\u00e4\ud83d\ude00\"","services":[
          {"service":"default/web","id":1,"frontends":[{"address":"10.96.0.1","backends":2},{"address":"fd00::1","backends":0}]},
          {"service":"kube-system/dns","port":"","id":2,"frontends":[{"address":"10.96.0.10","backends":3}],"noBackends":"none is ready"},
          {"service":"shop/a+b","port":"x","id":1e300,"frontends":[]}],"annotations":{"ebpflb.io/scheduler":"maglev"}}
        """);

    public override string Name => "jsonpath";

    public override IReadOnlyList<byte[]> Corpus { get; } =
    [
        .. new[]
        {
            "{.origin}/{$.n}{@.none} {['yes']}{ .big }{.text}",
            "{.services[*].frontends[0].backends}{.services[-1].service}{.services[1:].id}{.services[:-1].id}",
            "{.services[?(@.id>=2)].service}{.services[?(@.service==\"default/web\")].id}{.services[?(@.port!=$.services[0].port)].id}",
            "{.services[?(@.frontends[?(@.backends>2)].address)].id}",
            "{.annotations.ebpflb\\.io/scheduler}{.annotations['ebpflb.io/scheduler']}",
            "{range .services[*]}{range .frontends[*]}{.address}={$.origin};{end}|{end}{\"a\\\\b\\\"c\\n\"}{'d}e'} {.services[0]}",
            "{range .services[*].id}{@},{.}{end}{.services.*}{.*.*}{.services[?(@.yes==true)]}{.services[?(@.id==null)]}",
        }.Select(Corpora.Bytes),
    ];

    public override IReadOnlyList<string> Words { get; } =
    [
        "{", "}", "[", "]", "?(", ")", "..", "[*]", "{range .services[*]}", "{end}", "@.id", "$", "\\", "2147483648", "-2147483648",
        "1e999",
    ];

    /// <summary>Templates are typed by people; of nested ranges a long one may print as much as it likes.</summary>
    public override int Longest => 600;

    public override string? Try(byte[] input, Random random, FuzzReport report)
    {
        var text = Encoding.UTF8.GetString(input);
        try
        {
            var template = JsonPath.Parse(text);
            report.Read++;
            using var output = new StringWriter();
            template.Write(Answer, output);
            return null;
        }
        catch (FormatException e)
        {
            var isClear = e.Message.StartsWith("column ", StringComparison.Ordinal)
                || e.Message.StartsWith("nothing of ", StringComparison.Ordinal);
            return isClear ? null : $"unclear: {e.Message}";
        }
    }
}
