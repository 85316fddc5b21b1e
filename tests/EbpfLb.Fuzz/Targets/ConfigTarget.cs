using System.Text;
using System.Text.Json.Nodes;
using EbpfLb.Configuration;
using EbpfLb.Configuration.Output;

namespace EbpfLb.Fuzz.Targets;

/// <summary>
/// A configuration file: it is read, and what is written of it reads the same again; or it is refused with every problem's message.
/// </summary>
internal sealed class ConfigTarget : FuzzTarget
{
    public override string Name => "config";

    public override IReadOnlyList<byte[]> Corpus { get; } =
    [
        Corpora.Bytes(ConfigYaml.Write(LoadedConfig.Default)), Corpora.Bytes(Documents(ConfigJson.Write(LoadedConfig.Default))),
        .. ((string[])["kubeadm", "k3s", "aks", "kind", "openshift", "eks"])
            .SelectMany(overlay => Corpora.Files($"deploy/overlays/{overlay}", "config.yaml")).Select(Filled),
        .. Corpora.Files("deploy/systemd", "config.yaml"), .. Corpora.Documented("Configuration"),
    ];

    /// <summary>Placeholders are refused, and a refused text is no good beginning.</summary>
    private static byte[] Filled(byte[] config)
        => [.. config.Where(b => b is not ((byte)'<' or (byte)'>'))];

    public override string? Try(byte[] input, Random random, FuzzReport report)
    {
        try
        {
            var config = ConfigText.Read(Encoding.UTF8.GetString(input), "file");
            report.Read++;
            if (random.Next(8) != 0) return null;
            var again = random.Next(2) == 0 ? ConfigText.Read(ConfigYaml.Write(config)) : ConfigJson.Read(ConfigJson.Write(config));
            var different = ConfigJson.Differences(config, again);
            return different.Count == 0 ? null : $"reads as another: {string.Join(", ", different)}";
        }
        catch (ConfigException e)
        {
            return e.Problems.Count == 0 || e.Problems.Any(problem => problem.Message.Length == 0 || problem is { Path: "", Where: null })
                && !e.Message.Contains("holds neither", StringComparison.Ordinal)
                ? $"unclear: {e.Message}"
                : null;
        }
    }

    /// <summary>The two documents one after the other, as a file has them.</summary>
    private static string Documents(string both)
        => string.Join('\n', JsonNode.Parse(both)!.AsObject().Select(document => document.Value!.ToJsonString()));
}
