using EbpfLb.AbiGen;

if (args is not [var objectPath, var outputDirectory])
{
    Console.Error.WriteLine("""
        abigen: writes the C# types of a BPF object's maps, enums and load-time constants.

        usage:   abigen OBJECT DIRECTORY
        example: abigen build/bpf/ebpflb.bpf.o src/EbpfLb.Abi
        """);
    return 2;
}

foreach (var (name, text) in Generator.Generate(File.ReadAllBytes(objectPath)))
{
    // Untouched files keep their time, so that nothing is rebuilt for nothing.
    var path = Path.Combine(outputDirectory, name);
    if (File.Exists(path) && File.ReadAllText(path) == text)
        continue;
    File.WriteAllText(path, text);
    Console.WriteLine($"wrote {path}");
}

return 0;
