using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using EbpfLb.Configuration;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Configuration.Own;
using EbpfLb.Configuration.Values;

namespace EbpfLb.Agent.Commands;

/// <summary>An option that stands for a field of the configuration.</summary>
internal sealed class ConfigOption
{
    private readonly Func<LoadedConfig, string[], LoadedConfig> apply;

    /// <param name="apply">Throws <see cref="FormatException"/> when the text has not the form; what values may be is the configuration's
    /// to check.</param>
    private ConfigOption(string name, string? valueName, string description, Func<LoadedConfig, string[], LoadedConfig> apply)
    {
        this.apply = apply;
        // A switch without a value is true; others may be given again: the last one counts, or all of a list.
        Option = new Option<string[]>(name)
        {
            HelpName = valueName ?? "true|false", Description = description,
            Arity = valueName is null ? ArgumentArity.ZeroOrOne : ArgumentArity.OneOrMore,
            CustomParser = result => [.. result.Tokens.Select(t => t.Value)],
        };
    }

    public Option<string[]> Option { get; }

    public string Name => Option.Name;

    public static ConfigOption Proxy(
        string name, string valueName, string description, Func<KubeProxyConfiguration, string, KubeProxyConfiguration> apply)
        => Both(name, valueName, description, (config, text) => config with { KubeProxy = apply(config.KubeProxy, text) });

    /// <param name="apply">With the parts of everything that was given: they replace what was there.</param>
    public static ConfigOption ProxyList(
        string name, string valueName, string description, Func<KubeProxyConfiguration, string[], KubeProxyConfiguration> apply)
        => new(name, valueName, description, (config, texts) => config with { KubeProxy = apply(config.KubeProxy, List(texts)) });

    public static ConfigOption ProxySwitch(
        string name, string description, Func<KubeProxyConfiguration, bool, KubeProxyConfiguration> apply)
        => new(name, null, description, (config, texts) => config with { KubeProxy = apply(config.KubeProxy, Bool(texts[^1])) });

    /// <summary>For both configurations.</summary>
    public static ConfigOption Both(string name, string valueName, string description, Func<LoadedConfig, string, LoadedConfig> apply)
        => new(name, valueName, description, (config, texts) => apply(config, texts[^1]));

    public static ConfigOption Own(
        string name, string valueName, string description, Func<EbpfLbConfiguration, string, EbpfLbConfiguration> apply)
        => Both(name, valueName, description, (config, text) => config with { EbpfLb = apply(config.EbpfLb, text) });

    /// <param name="apply">With the parts of everything that was given: they replace what was there.</param>
    public static ConfigOption OwnList(
        string name, string valueName, string description, Func<EbpfLbConfiguration, string[], EbpfLbConfiguration> apply)
        => new(name, valueName, description, (config, texts) => config with { EbpfLb = apply(config.EbpfLb, List(texts)) });

    public static ConfigOption OwnSwitch(string name, string description, Func<EbpfLbConfiguration, bool, EbpfLbConfiguration> apply)
        => new(name, null, description, (config, texts) => config with { EbpfLb = apply(config.EbpfLb, Bool(texts[^1])) });

    public ConfigOption Alias(params string[] aliases)
    {
        foreach (var alias in aliases) Option.Aliases.Add(alias);
        return this;
    }

    public bool IsGiven(SymbolResult result) => result.GetResult(Option) is { Implicit: false };

    /// <summary>The configuration with what was given, or as it is.</summary>
    /// <exception cref="FormatException">The text has not the form.</exception>
    public LoadedConfig Apply(SymbolResult result, LoadedConfig config)
    {
        if (result.GetResult(Option) is not { Implicit: false } given) return config;
        return apply(config, given.Tokens.Count == 0 ? ["true"] : [.. given.Tokens.Select(t => t.Value)]);
    }

    /// <summary>As Go's strconv.ParseBool.</summary>
    public static bool Bool(string text) => text switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => throw new FormatException($"'{text}' is neither true nor false"),
    };

    public static int Int(string text) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new FormatException($"'{text}' is not a whole number");

    public static double Number(string text)
        => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
        ? number
        : throw new FormatException($"'{text}' is not a number");

    public static TimeSpan Time(string text) => DurationText.Parse(text);

    private static string[] List(string[] texts)
        => [.. texts.SelectMany(t => t.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
}
