"""One run of a watched function, from its first line to its one end: handled once, for every SDK.

``watch`` begins a call around the SDK's function, ``answers`` looks at what came back, ``streams`` sees a stream through,
``call`` says it all on the bus, and ``patching`` puts the watches in place and takes them away.
"""
