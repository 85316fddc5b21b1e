using System.Text;

namespace EbpfLb.Configuration;

/// <summary>Reads a configuration file.</summary>
public static class ConfigFile
{
    /// <summary>A ConfigMap holds 1 MiB at most.</summary>
    private const int Longest = 4 << 20;

    private const string StandardInput = "-";

    /// <param name="path">"-" is the standard input. What cannot be sought in is read as well: pipes.</param>
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
            using var file = path == StandardInput ? Console.OpenStandardInput() : File.OpenRead(path);
            using var reader = new StreamReader(file);
            var text = new StringBuilder();
            var buffer = new char[8192];
            for (int read; (read = reader.Read(buffer)) > 0;)
            {
                text.Append(buffer, 0, read);
                if (text.Length > Longest) throw Unreadable(path, $"it has more than {Longest} characters; no configuration is that long");
            }
            return text.ToString();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path,
                Directory.Exists(path) ? "it is a directory; name the file in it" : $"{e.Message} Give the path of a configuration file");
        }
    }

    private static ConfigException Unreadable(string path, string message) => new(path, [new ConfigProblem("", "", message)]);
}
