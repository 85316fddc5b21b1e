using System.Text.Json;
using System.Text.Json.Serialization;
using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Options;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Drains;

/// <summary>A drain and its times.</summary>
/// <param name="Until">null: until it is undrained.</param>
internal sealed record TimedDrain(BackendDrain Drain, DateTimeOffset Since, DateTimeOffset? Until)
{
    /// <summary>
    /// Services that had the backend when the drain began; empty: not known, as an agent before did not write them down and no snapshot has
    /// named the backend since.
    /// </summary>
    public ValueList<ObjectName> Services { get; init; } = [];
}

/// <summary>
/// Where drains are kept while no agent runs: a file of the run directory, which is gone after a reboot, as are the connections. It is
/// replaced whole.
/// </summary>
internal sealed class DrainFile(string path)
{
    public string Path => path;

    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="FormatException">It is not such a file.</exception>
    public IReadOnlyList<TimedDrain> Read()
    {
        if (!File.Exists(path)) return [];
        try
        {
            using var file = File.OpenRead(path);
            return [.. (JsonSerializer.Deserialize(file, DrainFileJson.Default.DrainEntryArray) ?? [])
                .Select(e => e?.ToDrain() ?? throw new FormatException("an element is null"))];
        }
        catch (JsonException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    /// <exception cref="IOException">It cannot be written; it is as it was then.</exception>
    public void Write(IEnumerable<TimedDrain> drains)
    {
        var entries = drains.Select(DrainEntry.Of).ToArray();
        if (entries.Length == 0)
        {
            File.Delete(path);
            return;
        }
        var next = path + InstanceOptions.Unfinished;
        using (var file = PrivateFile.Create(next))
        {
            JsonSerializer.Serialize(file, entries, DrainFileJson.Default.DrainEntryArray);
            file.Flush(flushToDisk: true);
        }
        File.Move(next, path, overwrite: true);
    }
}

/// <param name="Service">"namespace/name"; null: of all Services.</param>
/// <param name="Services">"namespace/name" each; null in the file of an agent that did not write them.</param>
internal sealed record DrainEntry(
    string? Address, ushort Port, string? Service, bool Always, DateTimeOffset Since, DateTimeOffset? Until, string[]? Services)
{
    public static DrainEntry Of(TimedDrain timed) => new(
        timed.Drain.Address.ToString(), timed.Drain.Port, timed.Drain.Service?.ToString(), timed.Drain.Always, timed.Since, timed.Until,
        [.. timed.Services.Select(s => s.ToString())]);

    /// <exception cref="FormatException">It has no address, or a field is none.</exception>
    public TimedDrain ToDrain() => IpAddress.TryParse(Address, out var address)
        ? new(new BackendDrain(address, Port, DrainNames.ParseService(Service), Always), Since, Until)
        {
            Services = (Services ?? []).Select(s => DrainNames.ParseService(s) ?? throw new FormatException("a Service is null"))
                .ToValueList(),
        }
        : throw new FormatException($"'{Address}' is not an IP address");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(DrainEntry[]))]
internal sealed partial class DrainFileJson : JsonSerializerContext;

internal static class DrainNames
{
    /// <exception cref="FormatException">Not "namespace/name".</exception>
    public static ObjectName? ParseService(string? text)
    {
        if (text is null) return null;
        return text.Split('/') is [{ Length: > 0 } within, { Length: > 0 } name] ? new ObjectName(within, name)
            : throw new FormatException($"'{text}' names no Service; give NAMESPACE/NAME");
    }

    /// <summary>Reads "10.1.0.5", "10.1.0.5:8080", "fd00::5" and "[fd00::5]:8080"; port 0: none is given.</summary>
    /// <exception cref="FormatException">None of these.</exception>
    public static (IpAddress Address, ushort Port) ParseBackend(string text)
    {
        if (IpAddress.TryParse(text.AsSpan().Trim("[]"), out var alone)) return (alone, 0);
        var colon = text.LastIndexOf(':');
        var host = colon < 0 ? "" : text[..colon];
        var isBracketed = host is ['[', .., ']'];
        if (isBracketed) host = host[1..^1];
        return (isBracketed || !host.Contains(':')) && IpAddress.TryParse(host, out var address)
            && ushort.TryParse(text.AsSpan(colon + 1), out var port) && port > 0
            ? (address, port)
            : throw new FormatException($"'{text}' is not a backend; give one such as 10.244.1.7, 10.244.1.7:8080 or [fd00::7]:8080");
    }
}
