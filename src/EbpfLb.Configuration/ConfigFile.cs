namespace EbpfLb.Configuration;

/// <summary>Reads a configuration file.</summary>
public static class ConfigFile
{
    /// <summary>A ConfigMap holds 1 MiB at most.</summary>
    private const int MostBytes = 4 << 20;

    /// <exception cref="ConfigException">It cannot be read or used; the message has everything that is wrong.</exception>
    public static LoadedConfig Load(string path)
    {
        var text = ReadText(path);
        return ConfigText.Read(text, path) with { Text = text };
    }

    private static string ReadText(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            if (file.Length > MostBytes) throw Unreadable(path, $"the file has {file.Length} bytes; no configuration is that long");
            using var reader = new StreamReader(file);
            return reader.ReadToEnd();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path,
                Directory.Exists(path) ? "it is a directory; name the file in it" : $"{e.Message} Give the path of a configuration file");
        }
    }

    private static ConfigException Unreadable(string path, string message) => new(path, [new ConfigProblem("", "", message)]);
}
